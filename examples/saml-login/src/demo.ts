import { Fleet, startBalancer } from "./fleet/fleet.ts";
import type { Framework, Step } from "./fleet/messages.ts";
import { startIdentityProvider } from "./identity-provider/server.ts";
import { findMode } from "./modes.ts";
import type { DemoOptions } from "./options.ts";
import { findSharedPlace } from "./shared-place.ts";

/** Everything that stands before the first instance is started. */
export interface Demo {
  readonly fleet: Fleet;
  readonly framework: Framework;
  /** The application's address, which is the balancer's. */
  readonly publicUrl: string;
  readonly idpUrl: string;
  readonly stateDescription: string;
  /** Stops and removes everything that was started, the last first. */
  close(): Promise<void>;
}

export interface DemoEvents {
  readonly onStep: (step: Step) => void;
  readonly onAnswered: (requestId: string) => void;
  readonly onChange: () => void;
}

/** Bring up identity provider and balancer, with no instance yet: {@link Fleet.begin} starts those. */
export async function startDemo(options: DemoOptions, homeUrl: string, events: DemoEvents): Promise<Demo> {
  const undo: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const place = await findSharedPlace(options);
    undo.push(place.remove);
    const alb = await startBalancer(options.albPort);
    undo.push(alb.close);
    const {
      url,
      loginUrl,
      certificate,
      close: closeIdp,
    } = await startIdentityProvider({
      port: options.idpPort,
      publicUrl: alb.url,
      onAnswered: events.onAnswered,
    });
    undo.push(closeIdp);
    const fleet = new Fleet(alb, findMode("local"), {
      framework: options.framework,
      homeUrl,
      identityProvider: { loginUrl, certificate },
      state: place.location,
      onStep: events.onStep,
      onChange: events.onChange,
    });
    undo.push(() => fleet.close());
    return {
      fleet,
      framework: options.framework,
      publicUrl: alb.url,
      idpUrl: url,
      stateDescription: place.description,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
