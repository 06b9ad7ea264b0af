import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { onTestFinished } from "vitest";

const NAMES = [
  "created",
  "loaded",
  "missed",
  "saved",
  "touched",
  "renamed",
  "destroyed",
  "expired",
  "conflict",
  "damaged",
  "refused",
];

/** The events of the running test, as `[name, message]`. */
export function eventLog(names: readonly string[] = NAMES): [string, Record<string, unknown>][] {
  const events: [string, Record<string, unknown>][] = [];
  for (const name of names) {
    const note = (message: unknown): void => void events.push([name, message as Record<string, unknown>]);
    subscribe(`unstick.session.${name}`, note);
    onTestFinished(() => void unsubscribe(`unstick.session.${name}`, note));
  }
  return events;
}
