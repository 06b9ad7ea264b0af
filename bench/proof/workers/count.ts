import { inFlight } from "../in-flight.ts";
import { openCountingStore, type StoreSubject } from "./counting-store.ts";

export interface CountOrder {
  readonly subject: StoreSubject;
  readonly redisUrl: string;
  readonly id: string;
  readonly count: number;
}

/** One process that gets a session, adds one and sets it, so many times, many at once. */
const { subject, redisUrl, id, count } = JSON.parse(process.argv[2] ?? "") as CountOrder;
const store = await openCountingStore(subject, redisUrl);

await inFlight(count, 64, async () => {
  const session = await store.get(id);
  if (!session) throw new Error("the session is gone");
  session.count++;
  await store.set(id, session);
});
process.send?.("done");
