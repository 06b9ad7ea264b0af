import { measureBytes } from "./record-bytes.ts";

console.log("| session | this package | connect-redis | ratio |\n|---|---|---|---|");
for (const { shape, ours, connectRedis } of await measureBytes()) {
  console.log(`| ${shape} | ${ours} | ${connectRedis} | ${(ours / connectRedis).toFixed(2)} |`);
}
