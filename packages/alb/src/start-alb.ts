import { Balancer } from "./balancer.ts";
import { checkOptionNames, checkStickinessNames } from "./check-options.ts";
import { checkSettings, checkStickiness, checkTarget } from "./check-settings.ts";
import type { AlbOptions, StickinessOptions } from "./options.ts";
import { listen } from "./proxy/listener.ts";
import { resolveSettings, resolveStickiness } from "./settings.ts";
import { statusHandler } from "./status/handler.ts";
import { type AlbStatus, report } from "./status/report.ts";

/** A running load balancer. */
export interface Alb {
  readonly url: string;
  readonly port: number;
  /** Add a target; it takes traffic after its first good health check. With several groups, name the group. */
  register(target: string, group?: string): void;
  /**
   * Drain a target: no new request reaches it, pinned clients move on their next one, those in flight may end within the
   * deregistration delay. Resolves when none is in flight. Rejects with `ERR_UNSTICK_ALB_TARGET` when it is unknown.
   */
  deregister(target: string, group?: string): Promise<void>;
  /** Change the stickiness of the running balancer; cookies made before are unknown to it afterwards. */
  setStickiness(stickiness: StickinessOptions): void;
  status(): AlbStatus;
  close(): Promise<void>;
}

/**
 * Start the emulator. Resolves when it listens and every target had its first health check. Rejects with an `AlbError`
 * that is a sentence when the port is taken (`ERR_UNSTICK_ALB_LISTEN`) or the configuration is one AWS refuses
 * (`ERR_UNSTICK_ALB_OPTION`).
 */
export async function startAlb(options: AlbOptions): Promise<Alb> {
  checkOptionNames(options);
  const settings = resolveSettings(options);
  checkSettings(settings);
  const balancer = new Balancer(settings);
  const status = statusHandler(balancer);
  const listener = await listen(balancer, status.handle);
  const first = balancer.groups.flatMap((group) =>
    group.settings.targets.map((target) => group.register(checkTarget(target))),
  );
  await Promise.all(first);
  const scheme = settings.tls === undefined ? "http" : "https";
  const { host } = settings.listener;
  return {
    url: `${scheme}://${host.includes(":") ? `[${host}]` : host}:${listener.port}`,
    port: listener.port,
    register: (target, group) => void balancer.groupOf(group).register(checkTarget(target)),
    deregister: async (target, group) => balancer.groupOf(group).deregister(checkTarget(target)),
    setStickiness: (given) => {
      checkStickinessNames(given);
      const stickiness = resolveStickiness(given);
      checkStickiness(stickiness);
      balancer.setStickiness(stickiness);
    },
    status: () => report(balancer),
    close: async () => {
      status.close();
      balancer.close();
      await listener.close();
    },
  };
}
