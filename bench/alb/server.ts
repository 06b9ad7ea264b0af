import { Agent, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startAlb } from "@unstick/alb";
import { createProxyServer } from "httpxy";

/** One process of the benchmark: a target, or a balancer of one kind in front of two of them. */
const [kind = "target", ...targets] = process.argv.slice(2);

const answers: Readonly<Record<string, Buffer>> = {
  "/": Buffer.from("hello"),
  "/large": Buffer.alloc(1024 * 1024, "x"),
};

const target = createServer((request, response) => {
  request.resume();
  request.once("end", () => response.end(answers[request.url ?? "/"]));
});
target.keepAliveTimeout = 65_000;

/** The library in the role of `src/proxy`: the same wheel, the same kept-alive connections. */
function viaLibrary(): ReturnType<typeof createServer> {
  const proxy = createProxyServer({ agent: new Agent({ keepAlive: true, scheduling: "lifo" }), xfwd: true });
  let turn = 0;
  return createServer((request, response) => {
    turn = (turn + 1) % targets.length;
    void proxy.web(request, response, { target: targets[turn] ?? "" });
  });
}

async function start(): Promise<number> {
  if (kind.startsWith("alb")) {
    const stickiness = kind === "alb" ? "none" : "lb_cookie";
    const alb = await startAlb({
      targets,
      stickiness: { type: stickiness },
      healthCheck: { intervalSeconds: 300 },
    });
    return alb.port;
  }
  const server = kind === "target" ? target : viaLibrary();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const port = await start();
process.send?.(`http://127.0.0.1:${port}`);
