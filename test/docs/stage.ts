import net from "node:net";

// Loaded before a block of a document that is run. Documents say `app.listen(3000)` and mean a Redis on its usual port:
// here a server gets a free port and tells which, and Redis's port leads to the server of the test.

const redisPort = Number(process.env.STAGE_REDIS_PORT);
const { connect } = net.Socket.prototype;
const { listen } = net.Server.prototype;

net.Server.prototype.listen = function stagedListen(this: net.Server, ...args: unknown[]) {
  this.once("listening", () => process.send?.(this.address()));
  const callback = args.find((arg) => typeof arg === "function");
  return Reflect.apply(listen, this, [0, "127.0.0.1", callback]);
} as typeof listen;

net.Socket.prototype.connect = function stagedConnect(this: net.Socket, ...args: unknown[]) {
  const [first] = args;
  const target = (Array.isArray(first) ? first[0] : first) as { port?: number | string } | undefined;
  if (target !== null && typeof target === "object" && Number(target.port) === 6379) target.port = redisPort;
  return Reflect.apply(connect, this, args);
} as typeof connect;
