/**
 * Names that projects give to the tag of a release, most specific first, so that in a repository of many packages
 * `pkg@1.2.3` is preferred to `v1.2.3`.
 *
 * @param name package name, scope included
 * @returns tag names without `refs/tags/`
 */
export function tagNames(name: string, version: string): readonly string[] {
  const bare = name.includes('/') ? name.slice(name.lastIndexOf('/') + 1) : name;
  const names = bare === name ? [name] : [name, bare];
  const scoped = names.flatMap((one) => [
    `${one}@${version}`,
    `${one}@v${version}`,
    `${one}-v${version}`,
    `${one}/v${version}`,
    `${one}/${version}`,
    `${one}-${version}`,
    `${one}_v${version}`,
    `${one}_${version}`,
    `${one}.v${version}`,
    `packages/${one}/v${version}`,
  ]);
  const plain = [`v${version}`, version, `release-${version}`, `release-v${version}`, `release/${version}`]
    .concat([
      `release/v${version}`,
      `releases/${version}`,
      `releases/v${version}`,
      `V${version}`,
      `v.${version}`,
    ])
    .concat([`rel-${version}`, `r${version}`]);
  return [...new Set([...scoped, ...plain])];
}

/**
 * Tags that hold the version as a whole word among other words, for example `4.18.1-npm`; a longer version
 * (`1.2.30`, `1.2.3-beta.1`, `11.2.3`) is another version and does not count.
 */
export function mentionsVersion(tag: string, version: string): boolean {
  const escaped = version.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const suffix = '(?!\\.?\\d)(?![-+.]?(?:alpha|beta|rc|next|canary|pre|dev|snapshot|nightly|\\d))';
  return new RegExp(`(?<![\\d.])${escaped}${suffix}`, 'i').test(tag);
}

/** The package that a tag of the form `package@version` names, without its scope; null for a tag of another form. */
export function packageNamedBy(tag: string): string | null {
  return /^(?:refs\/tags\/)?(?:@[^@/]+\/)?([^@/]+)@v?\d/.exec(tag)?.[1] ?? null;
}
