import { spawn } from "node:child_process";

/** Show the page where there is a display. That it cannot be shown is no failure: its address was printed. */
export function openBrowser(url: string): void {
  const program = findOpener();
  if (program === undefined) return;
  const child = spawn(program, [url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}

function findOpener(): string | undefined {
  if (process.platform === "darwin") return "open";
  const hasDisplay = process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  return process.platform === "linux" && hasDisplay ? "xdg-open" : undefined;
}
