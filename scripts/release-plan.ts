/** What the tree looks like to somebody who wants to release it. */
export interface ReleaseState {
  readonly packages: readonly {
    readonly name: string;
    readonly version: string;
    readonly hasProvenance: boolean;
    /** The text of its CHANGELOG.md, empty when there is none. */
    readonly changelog: string;
  }[];
  /** Changesets that no version has taken up yet. */
  readonly pendingChangesets: readonly string[];
  readonly isTreeClean: boolean;
  /** Whether npm can prove where the build came from: a hosted workflow with an identity token. */
  readonly hasIdentity: boolean;
}

/** Everything that stands against publishing, each as a sentence with its remedy; none means go. */
export function findObstacles(state: ReleaseState): readonly string[] {
  const versions = new Set(state.packages.map(({ version }) => version));
  const obstacles = [
    versions.size > 1 &&
      `packages are released together, and these versions differ: ${[...versions].join(", ")}`,
    state.pendingChangesets.length > 0 &&
      `changesets without a version: ${state.pendingChangesets.join(", ")}; run \`npm run version\` and commit`,
    !state.isTreeClean && "there are uncommitted changes; commit or drop them",
    !state.hasIdentity && "npm cannot prove where this build comes from; publish from the Release workflow",
    ...state.packages.flatMap(findPackageObstacles),
  ];
  return obstacles.filter((obstacle) => obstacle !== false);
}

function findPackageObstacles({
  name,
  version,
  hasProvenance,
  changelog,
}: ReleaseState["packages"][number]): string[] {
  const hasEntry = changelog.split("\n").includes(`## ${version}`);
  return [
    ...(hasProvenance ? [] : [`${name} does not ask for provenance; set publishConfig.provenance`]),
    ...(hasEntry ? [] : [`${name} has no entry for ${version} in its CHANGELOG.md; run \`npm run version\``]),
  ];
}
