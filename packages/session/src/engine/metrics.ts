/** Begin to measure, once per process, where the application has OpenTelemetry's API. */
export function meterSessions(): void {}
