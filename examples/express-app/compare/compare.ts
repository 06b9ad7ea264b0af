import { startRedis } from "@unstick/testbed";
import { startInstances } from "./instances.ts";
import { playScenes, type Scene } from "./scenes.ts";

/** The scenes of each program, by its name. */
export type Comparison = Readonly<Record<string, readonly Scene[]>>;

/** Play the same scenes to several programs, one after another, on one Redis. */
export async function compare(folder: string, programs: readonly string[]): Promise<Comparison> {
  const redis = await startRedis();
  try {
    const comparison: Record<string, readonly Scene[]> = {};
    for (const program of programs) {
      const instances = await startInstances(new URL(`${program}.ts`, folder), redis.url);
      try {
        comparison[program] = await playScenes(instances.url);
      } finally {
        await instances.stop();
      }
    }
    return comparison;
  } finally {
    await redis.stop();
  }
}

export function formatComparison(comparison: Comparison): string {
  const programs = Object.keys(comparison);
  const head = `| three instances, no stickiness | ${programs.map((one) => `${one}.ts`).join(" | ")} |`;
  const lines = (Object.values(comparison)[0] ?? []).map(({ name }, at) => {
    const cells = Object.values(comparison).map(
      (scenes) => `${scenes[at]?.lost} of ${scenes[at]?.tried} lost`,
    );
    return `| ${[name, ...cells].join(" | ")} |`;
  });
  return [head, `|---${"|---".repeat(programs.length)}|`, ...lines].join("\n");
}
