import { vi } from "vitest";
import { main } from "../src/command/main.ts";

/** Run the command line in this process and listen to what it says. */
export async function listen(...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  let said = "";
  const hear = (chunk: unknown): boolean => {
    said += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(hear);
  vi.spyOn(process.stderr, "write").mockImplementation(hear);
  const code = await main(args);
  vi.restoreAllMocks();
  return { code, said };
}
