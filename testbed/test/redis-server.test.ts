import { startRedis } from "@unstick/testbed";
import { expect, test } from "vitest";

test("a private redis-server starts, is killed and starts again on its port", async () => {
  const server = await startRedis();
  try {
    const { port } = server;
    await server.kill();
    await server.restart();
    expect(server.port).toBe(port);
    expect(server.pid).toBeGreaterThan(0);
  } finally {
    await server.stop();
  }
});
