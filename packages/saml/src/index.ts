export { type CacheItem, cacheProvider, type SharedCacheProvider } from "./cache-provider.ts";
export { RequestUsedError } from "./errors.ts";
export type { CacheProviderOptions } from "./options.ts";
