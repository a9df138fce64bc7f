import { z } from 'zod';
import { Unreadable } from '../../../src/inputs/format.ts';
import type { JsonText } from '../../../src/inputs/json.ts';
import { FOLDER, type LockedPackage, type Located } from './npm-package.ts';

/** Fields of one dependency, as npm 5 and 6 wrote them, and npm 7 and 8 for those (docs.npmjs.com, package-lock.json). */
const Dependency = z.object({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  bundled: z.boolean().optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
  requires: z.unknown().optional(),
  dependencies: z.record(z.string(), z.unknown()).optional(),
});

/** The nested `dependencies` as the folders that they are installed in. */
export function flatten(
  dependencies: Readonly<Record<string, unknown>>,
  json: JsonText,
): readonly (readonly [location: string, package_: Located])[] {
  const flat: (readonly [string, Located])[] = [];
  const open = [{ table: dependencies, folder: '', at: ['dependencies'] as readonly string[] }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { table, folder, at } = next;
    for (const [name, value] of Object.entries(table)) {
      const here = [...at, name];
      const { data, error } = Dependency.safeParse(value);
      if (error !== undefined)
        throw new Unreadable(
          `${JSON.stringify(name)}: ${error.issues[0]?.message ?? ''}.`,
          json.lineOf(here),
        );
      const location = `${folder}${FOLDER}${name}`;
      flat.push([location, { value: asPackage(data), at: here }]);
      if (data.dependencies !== undefined)
        open.push({ table: data.dependencies, folder: `${location}/`, at: [...here, 'dependencies'] });
    }
  }
  return flat;
}

/** In version 1 the version is also the place for whatever else it comes from. */
function asPackage(dependency: z.output<typeof Dependency>): LockedPackage {
  const { version = '', resolved, integrity, bundled, dev, optional, requires } = dependency;
  const [, name, aliased] = /^npm:(.+)@([^@]+)$/.exec(version) ?? [];
  const isAddress = name === undefined && version.includes(':');
  const address = isAddress ? version : resolved;
  return {
    ...(name !== undefined && { name }),
    ...(!isAddress && { version: aliased ?? version }),
    ...(address !== undefined && { resolved: address }),
    ...(integrity !== undefined && { integrity }),
    ...(bundled !== undefined && { inBundle: bundled }),
    ...(dev !== undefined && { dev }),
    ...(optional !== undefined && { optional }),
    dependencies: requires,
    devDependencies: undefined,
    optionalDependencies: undefined,
    peerDependencies: undefined,
  };
}
