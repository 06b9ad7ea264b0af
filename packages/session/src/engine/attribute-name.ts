/**
 * The engine's own notes live beside the application's attributes, under names that start with `~`. An
 * application's name that starts so too (or is empty, which a backend does not take) gets `~~` before it.
 */
export const HEADER = "~";
/** Whose session it is: {@link PrincipalNote}. */
export const PRINCIPAL = "~p";

const ESCAPE = "~~";

/** The name a backend stores an application's attribute under. */
export function storedName(name: string): string {
  return name === "" || name.startsWith("~") ? ESCAPE + name : name;
}

/** The application's name of a stored attribute, or `undefined` when it is a note of the engine. */
export function attributeName(stored: string): string | undefined {
  if (!stored.startsWith("~")) return stored;
  return stored.startsWith(ESCAPE) ? stored.slice(ESCAPE.length) : undefined;
}
