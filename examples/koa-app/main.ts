import { compare, formatComparison } from "../express-app/compare/compare.ts";

/** What each of the programs loses behind a load balancer that does not stick: `npm run build && npm run compare -w` this. */
console.log(formatComparison(await compare(import.meta.url, ["before", "after", "middleware"])));
