import { Fleet, startBalancer } from "./fleet/fleet.ts";
import type { Framework, Step } from "./fleet/messages.ts";
import { startIdentityProvider } from "./identity-provider/server.ts";
import { findMode } from "./modes.ts";
import type { DemoOptions } from "./options.ts";
import { findSharedPlace } from "./shared-place.ts";
import type { Undo } from "./undo.ts";

/** Everything that stands before the first instance is started. */
export interface Demo {
  readonly fleet: Fleet;
  readonly framework: Framework;
  /** The application's address, which is the balancer's. */
  readonly publicUrl: string;
  readonly idpUrl: string;
  readonly stateDescription: string;
}

export interface DemoEvents {
  readonly onStep: (step: Step) => void;
  readonly onAnswered: (requestId: string) => void;
  readonly onChange: () => void;
}

/** Bring up identity provider and balancer, with no instance yet: {@link Fleet.begin} starts those. */
export async function startDemo(
  options: DemoOptions,
  homeUrl: string,
  events: DemoEvents,
  undo: Undo,
): Promise<Demo> {
  const place = await findSharedPlace(options);
  undo.add(place.remove);
  const alb = await startBalancer(options.albPort);
  undo.add(() => alb.close());
  const idp = await startIdentityProvider({
    port: options.idpPort,
    publicUrl: alb.url,
    onAnswered: events.onAnswered,
  });
  undo.add(idp.close);
  const fleet = new Fleet(alb, findMode("local"), {
    framework: options.framework,
    homeUrl,
    identityProvider: { loginUrl: idp.loginUrl, certificate: idp.certificate },
    state: place.location,
    onStep: events.onStep,
    onChange: events.onChange,
  });
  undo.add(() => fleet.close());
  return {
    fleet,
    framework: options.framework,
    publicUrl: alb.url,
    idpUrl: idp.url,
    stateDescription: place.description,
  };
}
