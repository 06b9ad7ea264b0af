/** What is measured against each other, by name. */
export const subjects = ["bare", "empty", "reader", "affinity"] as const;

export type Subject = (typeof subjects)[number];
