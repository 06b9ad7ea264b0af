import { Fleet, startBalancer } from "./fleet/fleet.ts";
import type { InstanceEvents } from "./fleet/instance-process.ts";
import type { Framework } from "./fleet/messages.ts";
import { type IdentityProviderServer, startIdentityProvider } from "./identity-provider/server.ts";
import { findMode } from "./modes.ts";
import type { DemoOptions } from "./options.ts";
import { findSharedPlace } from "./shared-place.ts";
import type { Undo } from "./undo.ts";

/** Everything that stands before the first instance is started. */
export interface Demo {
  readonly fleet: Fleet;
  readonly idp: IdentityProviderServer;
  readonly framework: Framework;
  /** The application's address, which is the balancer's. */
  readonly publicUrl: string;
  readonly stateDescription: string;
}

export interface DemoEvents extends InstanceEvents {
  /** The identity provider has answered this request, with this SAMLResponse. */
  readonly onAnswered: (requestId: string, answer: string) => void;
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
  const { loginUrl, logoutUrl, certificate } = idp;
  const fleet = new Fleet(alb, findMode("local"), {
    ...events,
    framework: options.framework,
    homeUrl,
    identityProvider: { loginUrl, logoutUrl, certificate },
    state: place.location,
  });
  undo.add(() => fleet.close());
  return {
    fleet,
    idp,
    framework: options.framework,
    publicUrl: alb.url,
    stateDescription: place.description,
  };
}
