export function page(statusPath: string): string {
  return statusPath;
}
