import { type Absence, absence } from '../../src/model/absences.ts';
import { signal } from '../../src/model/signals.ts';
import type { Evidence } from '../../src/model/source.ts';
import type { Signal } from '../../src/model/verdict.ts';
import { tableOf } from './history.ts';
import { diagnose } from './proxy/time-doctor.ts';
import type { RegistryClient } from './registry/client.ts';
import type { PackageDocument, VersionDocument } from './registry/document.ts';
import type { RegistryKey } from './registry/keys.ts';
import { checkSignatures } from './registry/signatures.ts';
import { keysFor } from './signing-keys.ts';

/** What looking at signatures gave. */
export interface Vouched {
  readonly signals: readonly Signal[];
  /** What was checked and is right. */
  readonly checked: readonly Evidence[];
  readonly absent: readonly Absence[];
}

export const NOTHING_VOUCHED: Vouched = { signals: [], checked: [], absent: [] };

/** Checks the registry's own signature of a version. */
export async function registrySignature(facts: {
  readonly client: RegistryClient;
  readonly document: PackageDocument;
  readonly version: VersionDocument;
}): Promise<Vouched> {
  const { client, document, version } = facts;
  const ids = version.dist.signatures.map(({ keyid }) => keyid);
  if (ids.length === 0) return unsigned(document);
  const keys = await keysFor({ client, name: version.name, ids, use: 'signatures' });
  if ('why' in keys) return unchecked(ids, keys.why);
  const publishedAt = diagnose(document).trusted ? version.publishedAt : null;
  const check = checkSignatures({ version, publishedAt, keys });
  if (check.kind === 'none') return unsigned(document);
  if (check.kind === 'valid') {
    const detail = `the registry signed name, version and digest with key ${check.key.id}, ${WHOSE[check.key.origin]}`;
    return { ...NOTHING_VOUCHED, checked: [{ kind: 'registry-signature', detail }] };
  }
  const why = check.kind === 'invalid' ? check.why : `the registry has no key ${check.id}`;
  const message = `The registry's signature of ${version.name}@${version.version} is not valid: ${why}.`;
  return { ...NOTHING_VOUCHED, signals: [signal('registry-signature-invalid', message)] };
}

const WHOSE = {
  pinned: 'which is known to be that of npm',
  registry: 'which only this registry itself says to be its own',
} as const satisfies Record<RegistryKey['origin'], string>;

function unchecked(ids: readonly string[], why: string): Vouched {
  const message = `There is a signature by ${ids.join(', ')}, and it was not checked: ${why}.`;
  return { ...NOTHING_VOUCHED, absent: [absence('registry-signature', message)] };
}

/** No signature, from a registry that signs, is told; where no version has one, it is only absent. */
function unsigned({ versions }: PackageDocument): Vouched {
  const signed = [...versions.values()].filter((raw) => {
    const { signatures } = tableOf(raw, 'dist');
    return Array.isArray(signatures) && signatures.length > 0;
  });
  const absent = [absence('registry-signature')];
  if (signed.length === 0) return { ...NOTHING_VOUCHED, absent };
  const others = `${signed.length} other ${signed.length === 1 ? 'version' : 'versions'}`;
  const message = `The registry has not signed this version, but ${others} of the package.`;
  return { ...NOTHING_VOUCHED, absent, signals: [signal('registry-signature-missing', message)] };
}
