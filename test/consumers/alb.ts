import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AlbError, startAlb } from "@unstick/alb";

/** The emulator reaches a target, and refuses what AWS refuses. */
export async function smoke(): Promise<void> {
  const target = createServer((_request, response) => response.end("target")).listen(0, "127.0.0.1");
  await once(target, "listening");
  const { port } = target.address() as AddressInfo;
  const alb = await startAlb({ targets: [`http://127.0.0.1:${port}`] });
  const response = await fetch(alb.url, { headers: { connection: "close" } });
  assert.equal(await response.text(), "target");
  await alb.close();
  target.close();
  target.closeAllConnections();
  await assert.rejects(startAlb({ targets: [], nonsense: 1 } as never), AlbError);
}
