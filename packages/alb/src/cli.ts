#!/usr/bin/env node
import { main } from "./command/main.ts";

void main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
