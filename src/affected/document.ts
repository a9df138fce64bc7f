import { z } from 'zod';
import type { InputEcosystem } from '../inputs/format.ts';
import { INPUT_WARNING_KINDS, LEFT_OUT_REASONS } from '../model/inputs.ts';
import { VERSION } from '../version.ts';
import type { BadList } from './read-list.ts';
import type { Hit, Search } from './find.ts';

const Advisory = z.strictObject({
  id: z.string().nullable(),
  summary: z.string().nullable(),
  file: z.string(),
  line: z.int(),
});

const Place = z.strictObject({
  file: z.string(),
  line: z.int(),
  project: z.string(),
  path: z.array(z.string()),
  alias: z.string().nullable(),
  dev: z.boolean().nullable(),
  leftOut: z.enum(LEFT_OUT_REASONS).nullable(),
});

/** What `reprove affected --json` prints. */
const AffectedDocument = z.strictObject({
  schemaVersion: z.literal(1),
  tool: z.strictObject({ name: z.literal('reprove'), version: z.string() }),
  list: z.strictObject({
    files: z.int(),
    packages: z.int(),
    versions: z.int(),
    withdrawn: z.int(),
    otherEcosystems: z.int(),
  }),
  looked: z.strictObject({ files: z.int(), entries: z.int(), affectedFiles: z.int() }),
  affected: z.array(
    z.strictObject({
      purl: z.string(),
      name: z.string(),
      version: z.string().nullable(),
      advisories: z.array(Advisory),
      places: z.array(Place),
    }),
  ),
  warnings: z.array(
    z.strictObject({
      kind: z.enum(INPUT_WARNING_KINDS),
      message: z.string(),
      file: z.string(),
      line: z.int(),
    }),
  ),
  refused: z.array(z.strictObject({ file: z.string(), line: z.int().nullable(), why: z.string() })),
});
export type AffectedDocument = z.output<typeof AffectedDocument>;

/** The published schema of the document. */
export function affectedJsonSchema(): unknown {
  return z.toJSONSchema(AffectedDocument);
}

/** What was found, by package version, those in most places first. */
export function affectedDocument(
  { files, entries, hits, refused, warnings }: Search,
  { bad, ...list }: BadList,
  ecosystems: readonly InputEcosystem[],
): AffectedDocument {
  return {
    schemaVersion: 1,
    tool: { name: 'reprove', version: VERSION },
    list: {
      files: list.files,
      packages: bad.packages,
      versions: bad.extents,
      withdrawn: list.withdrawn,
      otherEcosystems: list.otherEcosystems,
    },
    looked: { files, entries, affectedFiles: new Set(hits.map(({ place }) => place.file)).size },
    affected: byVersion(hits, ecosystems),
    warnings: [...warnings],
    refused: [...refused],
  };
}

function byVersion(
  hits: readonly Hit[],
  ecosystems: readonly InputEcosystem[],
): AffectedDocument['affected'] {
  const versions = new Map<string, AffectedDocument['affected'][number]>();
  for (const { ecosystem, name, version, advisories, place, alias, dev, leftOut } of hits) {
    const key = `${ecosystem} ${name} ${version ?? ''}`;
    const one: AffectedDocument['affected'][number] = versions.get(key) ?? {
      purl: purlOf(ecosystem, name, version, ecosystems),
      name,
      version,
      advisories: [...advisories],
      places: [],
    };
    one.places.push({ ...place, path: [...place.path], alias, dev, leftOut });
    versions.set(key, one);
  }
  return [...versions.values()].sort((a, b) => b.places.length - a.places.length);
}

function purlOf(
  ecosystem: string,
  name: string,
  version: string | null,
  ecosystems: readonly InputEcosystem[],
): string {
  return ecosystems.find((one) => one.name === ecosystem)?.purlOf(name, version) ?? '';
}

/** 0: nothing is affected; 1: something is; 3: nothing is, as far as the files can be read. */
export function exitCodeOf({ affected, refused }: AffectedDocument): number {
  if (affected.length > 0) return 1;
  return refused.length > 0 ? 3 : 0;
}
