/** Something the person at the keyboard can put right. The message is the whole sentence that is printed. */
export class DemoError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DemoError";
  }
}
