import { backendConformance, sharedStateConformance } from "@unstick/session/testing";
import { describe, test } from "vitest";
import { freshBackend, freshState } from "./fresh-file.ts";

describe("lmdb backend", () => backendConformance({ test }, freshBackend));
describe("lmdb state", () => sharedStateConformance({ test }, freshState));
