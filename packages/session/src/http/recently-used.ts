/** Two generations of so many: a least-recently-used memory without its bookkeeping. */
const GENERATION = 4_096;

export class RecentlyUsed<Value> {
  #recent = new Map<string, Value>();
  #older = new Map<string, Value>();

  get(key: string): Value | undefined {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: string, value: Value): void {
    if (this.#recent.size >= GENERATION) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, value);
  }
}
