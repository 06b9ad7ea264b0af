import { assumptionValues, defaultAssumptions } from "../assumptions.ts";

/** A flag of the command line. */
export interface Flag {
  readonly name: string;
  /** What stands for its value in the help; none for a switch. */
  readonly value?: string;
  readonly isMultiple?: true;
  readonly about: string;
  /** The option of `startAlb` that it fills. */
  readonly option?: string;
}

export const startFlags: readonly Flag[] = [
  { name: "target", value: "URL", isMultiple: true, option: "targets", about: "a target; repeat for each" },
  {
    name: "group",
    value: "NAME:WEIGHT=URL,URL",
    isMultiple: true,
    option: "targetGroups",
    about: "a weighted target group, instead of --target",
  },
  {
    name: "group-duration",
    value: "TIME",
    option: "groupStickiness.durationSeconds",
    about: "switch on group stickiness",
  },
  {
    name: "stickiness",
    value: "TYPE",
    option: "stickiness.type",
    about: "none, app_cookie, lb_cookie, clb_duration, clb_app_cookie, source_ip, ip_hash",
  },
  {
    name: "app-cookie-name",
    value: "NAME",
    option: "stickiness.cookieName",
    about: "the application's cookie, for app_cookie",
  },
  {
    name: "duration",
    value: "TIME",
    option: "stickiness.durationSeconds",
    about: "20s, 15m, 8h, 1d (default) or seconds",
  },
  {
    name: "algorithm",
    value: "NAME",
    option: "algorithm",
    about: "round_robin, least_outstanding_requests, weighted_random",
  },
  { name: "port", value: "N", option: "port", about: "listener port; default a free one" },
  { name: "host", value: "ADDRESS", option: "host", about: "address to listen on; default 127.0.0.1" },
  { name: "tls-key", value: "FILE", option: "tls", about: "with --tls-cert: an HTTPS listener (PEM)" },
  { name: "tls-cert", value: "FILE", option: "tls", about: "certificate of the listener (PEM)" },
  { name: "health-path", value: "PATH", option: "healthCheck.path", about: "default /" },
  {
    name: "health-interval",
    value: "TIME",
    option: "healthCheck.intervalSeconds",
    about: "5s to 300s, default 30s",
  },
  {
    name: "health-timeout",
    value: "TIME",
    option: "healthCheck.timeoutSeconds",
    about: "2s to 120s, default 6s",
  },
  {
    name: "healthy-threshold",
    value: "N",
    option: "healthCheck.healthyThreshold",
    about: "2 to 10, default 5",
  },
  {
    name: "unhealthy-threshold",
    value: "N",
    option: "healthCheck.unhealthyThreshold",
    about: "2 to 10, default 2",
  },
  {
    name: "matcher",
    value: "CODES",
    option: "healthCheck.matcher",
    about: "200,204 or 200-299; default 200",
  },
  { name: "slow-start", value: "TIME", option: "slowStartSeconds", about: "30s to 900s, default off" },
  {
    name: "deregistration-delay",
    value: "TIME",
    option: "deregistrationDelaySeconds",
    about: "0 to 3600s, default 300s",
  },
  { name: "idle-timeout", value: "TIME", option: "idleTimeoutSeconds", about: "1s to 4000s, default 60s" },
  { name: "xff", value: "MODE", option: "xForwardedFor", about: "append (default), preserve, remove" },
  {
    name: "xff-client-port",
    option: "xForwardedForClientPort",
    about: "add the client's port to X-Forwarded-For",
  },
  { name: "preserve-host-header", option: "preserveHostHeader", about: "leave the Host header alone" },
  {
    name: "drop-invalid-headers",
    option: "dropInvalidHeaderFields",
    about: "drop fields not named [-A-Za-z0-9]+",
  },
  { name: "status-path", value: "PATH", option: "statusPath", about: "default /_alb; off for none" },
  {
    name: "time-scale",
    value: "N",
    option: "timeScale",
    about: "length of the balancer's second, for demos: 0.1",
  },
  {
    name: "assume",
    value: "NAME=VALUE",
    isMultiple: true,
    option: "assume",
    about: "settle what AWS leaves open; see below",
  },
];

export const checkFlags: readonly Flag[] = [
  { name: "requests", value: "N", about: "how many, one after the other; default 20" },
  { name: "instance-header", value: "NAME", about: "response header that names the instance" },
  { name: "instance-cookie", value: "NAME", about: "or the cookie that does" },
  { name: "app-cookie-name", value: "NAME", about: "the name the target group is configured with" },
  { name: "user-agent", value: "TEXT", about: "default a current Chromium" },
  { name: "insecure", about: "accept any certificate" },
  { name: "json", about: "print the findings as JSON" },
];

/** How an option of `startAlb` is written on the command line. */
export function flagOf(option: string): string {
  const flag = startFlags.find((each) => each.option === option);
  return flag === undefined ? option : `--${flag.name}`;
}

function describe(flags: readonly Flag[]): string {
  return flags
    .map(
      ({ name, value, about }) =>
        `  ${`--${name}${value === undefined ? "" : ` ${value}`}`.padEnd(32)} ${about}`,
    )
    .join("\n");
}

export const help = `alb: the stickiness of an AWS Application Load Balancer, on your own machine

Usage:
  alb start --target http://127.0.0.1:3001 --target http://127.0.0.1:3002 \\
            --stickiness app_cookie --app-cookie-name MYAPP --duration 1d --port 8080
  alb check https://example.com/login --app-cookie-name MYAPP

  alb start --help, alb check --help for everything they know
`;

export const startHelp: string = `alb start: run the load balancer until Ctrl-C

${describe(startFlags)}

What AWS does not document (default first):
${Object.entries(assumptionValues)
  .map(([name, values]) => {
    const standard = defaultAssumptions[name as keyof typeof defaultAssumptions];
    const others = values.filter((value) => value !== standard);
    return `  --assume ${name}=${standard}|${others.join("|")}`;
  })
  .join("\n")}
`;

export const checkHelp: string = `alb check URL: is this address sticky, and if not, why not?

${describe(checkFlags)}

Exit code 0: every request after the first reached the same instance; 1: not, or it cannot be told.
`;
