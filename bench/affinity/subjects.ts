/** What is measured against each other, by name. */
export const subjects = ["bare", "empty", "affinity"] as const;

export type Subject = (typeof subjects)[number];
