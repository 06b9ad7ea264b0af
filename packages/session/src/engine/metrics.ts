import { subscribe } from "node:diagnostics_channel";
import type { Attributes, Counter, Histogram, Meter, MeterProvider, MetricsAPI } from "@opentelemetry/api";
import type { Backend } from "../backend.ts";
import type { SessionEventName, SessionEvents } from "./events.ts";
import type { SessionCount } from "./session-count.ts";
import { type BackendStatistics, hasStatistics, type ServerStatistics } from "./statistics.ts";

interface Instruments {
  readonly reads: Counter;
  readonly changes: Counter;
  readonly bytes: Counter;
  readonly errors: Counter;
  readonly duration: Histogram;
}

/** What is counted, per event. Attributes are few and fixed: never an id, a handle or a user. */
const MEASURES: { [Name in SessionEventName]?: (made: Instruments, event: SessionEvents[Name]) => void } = {
  loaded: (made, { backend }) => made.reads.add(1, { backend, outcome: "hit" }),
  missed: (made, { backend }) => made.reads.add(1, { backend, outcome: "miss" }),
  damaged: (made, { backend }) => made.reads.add(1, { backend, outcome: "damaged" }),
  created: (made, { backend }) => made.changes.add(1, { backend, event: "created" }),
  saved: (made, { backend, bytes }) => {
    made.changes.add(1, { backend, event: "saved" });
    made.bytes.add(bytes, { backend });
  },
  large: (made, { backend }) => made.changes.add(1, { backend, event: "large" }),
  touched: (made, { backend }) => made.changes.add(1, { backend, event: "touched" }),
  renamed: (made, { backend }) => made.changes.add(1, { backend, event: "renamed" }),
  destroyed: (made, { backend, reason }) => made.changes.add(1, { backend, event: "destroyed", reason }),
  expired: (made, { backend }) => made.changes.add(1, { backend, event: "expired" }),
  conflict: (made, { backend, resolution }) =>
    made.changes.add(1, { backend, event: "conflict", resolution }),
  refused: (made, { backend, reason }) => made.changes.add(1, { backend, event: "refused", reason }),
  call: (made, { backend, verb, durationMs, outcome }) => {
    const attributes: Attributes = { backend, verb, outcome };
    made.duration.record(durationMs / 1000, attributes);
    if (outcome !== "ok") made.errors.add(1, attributes);
  },
};

let hasBegun = false;
/** Backends that tell about their server when metrics are collected. */
const told = new Set<Backend & BackendStatistics>();

/** Backends whose sessions are counted. */
const counted = new Map<Backend, SessionCount>();

/** Begin to measure, once per process, where the application has OpenTelemetry's API. Its absence is no error. */
export function meterSessions(backend: Backend, count?: SessionCount): void {
  if (hasStatistics(backend)) told.add(backend);
  if (count !== undefined) counted.set(backend, count);
  if (hasBegun) return;
  hasBegun = true;
  import("@opentelemetry/api").then(
    ({ metrics }) => listenWhenSet(metrics),
    () => {},
  );
}

/** How often it is asked whether the application has set its provider by now. */
const PROVIDER_INTERVAL_MS = 500;

/**
 * The application may set its provider at any time. Until then the API's meters do nothing, and nobody listens:
 * events that have a listener cost each request some microseconds.
 */
function listenWhenSet(metrics: MetricsAPI): void {
  if (isSet(metrics)) {
    listen(metrics);
    return;
  }
  const asking = setInterval(() => {
    if (!isSet(metrics)) return;
    clearInterval(asking);
    listen(metrics);
  }, PROVIDER_INTERVAL_MS).unref();
}

/** A meter that does nothing gives one counter for all names. */
function isSet(metrics: MetricsAPI): boolean {
  const meter = metrics.getMeterProvider().getMeter("@unstick/session");
  return meter.createCounter("unstick.session.reads") !== meter.createCounter("unstick.session.events");
}

/** A provider may be followed by another. */
function listen(metrics: MetricsAPI): void {
  let provider: MeterProvider | undefined;
  let made: Instruments | undefined;
  for (const [name, measure] of Object.entries(MEASURES)) {
    subscribe(`unstick.session.${name}`, (event) => {
      const current = metrics.getMeterProvider();
      if (made === undefined || current !== provider) {
        provider = current;
        made = createInstruments(current.getMeter("@unstick/session"));
        observeServers(current.getMeter("@unstick/session"));
      }
      (measure as (made: Instruments, event: unknown) => void)(made, event);
    });
  }
}

/** Ask the servers, and for the counts, whenever metrics are collected. One that does not answer is left out. */
function observeServers(meter: Meter): void {
  const evicted = meter.createObservableCounter("unstick.session.server.evicted", {
    description: "Keys that the server threw out for want of memory",
    unit: "{key}",
  });
  const delay = meter.createObservableGauge("unstick.session.server.replication_delay", {
    description: "How far the replica that is furthest behind is behind",
    unit: "s",
  });
  const sessions = meter.createObservableGauge("unstick.session.count", {
    description: "Sessions that are alive, as last counted",
    unit: "{session}",
  });
  meter.addBatchObservableCallback(
    async (result) => {
      for (const [backend, count] of counted) {
        const found = count.ask();
        if (found !== undefined) result.observe(sessions, found, { backend: backend.name });
      }
      for (const backend of told) {
        const found = await backend.statistics().catch((): ServerStatistics => ({}));
        const { evictedKeys, replicationDelayMs } = found;
        if (evictedKeys !== undefined) result.observe(evicted, evictedKeys, { backend: backend.name });
        if (replicationDelayMs !== undefined)
          result.observe(delay, replicationDelayMs / 1000, { backend: backend.name });
      }
    },
    [evicted, delay, sessions],
  );
}

function createInstruments(meter: Meter): Instruments {
  const counter = (name: string, description: string, unit: string): Counter =>
    meter.createCounter(name, { description, unit });
  return {
    reads: counter("unstick.session.reads", "Sessions asked for, by outcome: hit, miss, damaged", "{read}"),
    changes: counter("unstick.session.events", "What happened to sessions", "{event}"),
    bytes: counter("unstick.session.written", "Bytes of changed attributes sent to the backend", "By"),
    errors: counter(
      "unstick.session.errors",
      "Calls of the backend that failed, by the error's code",
      "{error}",
    ),
    duration: meter.createHistogram("unstick.session.call.duration", {
      description: "How long calls of the backend took",
      unit: "s",
    }),
  };
}
