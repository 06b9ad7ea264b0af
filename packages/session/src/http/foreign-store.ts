/** Said once for each middleware that is given a store of somebody else's: what it cannot do that a backend does. */
export function tellGuarantees(store: object): void {
  const { name } = typeof store === "function" ? store : store.constructor;
  process.emitWarning(
    `${name} stores sessions whole: of requests that overlap the last one wins, and one that is under way when its session ends may bring it back. With the option backend neither happens`,
    { type: "UnstickWarning", code: "WRN_UNSTICK_FOREIGN_STORE" },
  );
}
