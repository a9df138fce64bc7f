import { parse } from 'yaml';
import type { z } from 'zod';
import { messageOf, ReproveError } from '../errors.ts';
import { repeatedName } from '../strict-json.ts';
import { nearest } from './nearest.ts';
import { Policy, policyJsonSchema } from './schema.ts';

const MOST_ISSUES = 5;

/**
 * Reads a policy. Whatever is not understood makes all of it unusable: half a policy would let through what the other half forbids.
 *
 * @param file what to call it; its ending says whether it is JSON or YAML
 * @throws ReproveError `usage`
 */
export function parsePolicy(text: string, file: string): Policy {
  const { data, error } = Policy.safeParse(valueOf(text, file), { reportInput: true });
  if (error === undefined) return data;
  const texts = error.issues.slice(0, MOST_ISSUES).map(issueText);
  const more = error.issues.length > MOST_ISSUES ? `; and ${error.issues.length - MOST_ISSUES} more` : '';
  throw unusable(file, `${texts.join('; ')}${more}.`);
}

function valueOf(text: string, file: string): unknown {
  try {
    if (/\.ya?ml$/i.test(file)) return parse(text, { maxAliasCount: 0 });
    const value: unknown = JSON.parse(text);
    const twice = repeatedName(text)?.name ?? null;
    if (twice !== null) throw new Error(`An object in it has the name ${JSON.stringify(twice)} twice`);
    return value;
  } catch (error) {
    throw unusable(file, `It cannot be read: ${messageOf(error).split('\n', 1)[0] ?? ''}.`);
  }
}

function issueText(issue: z.core.$ZodIssue): string {
  const place = issue.path.map(String).join('.');
  const at = place === '' ? '' : `${place}: `;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${at}${unknownText(key)}`).join('; ');
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    const name = nearest(issue.input, issue.values.map(String));
    if (name !== null) return `${at}${JSON.stringify(issue.input)} is not known; did you mean "${name}"?`;
  }
  return `${at}${issue.message}`;
}

/** Every field that a policy can have, at whatever depth. */
const NAMES = [...new Set(namesIn(policyJsonSchema()))];

function* namesIn(schema: unknown): Generator<string> {
  if (typeof schema !== 'object' || schema === null) return;
  if ('properties' in schema) yield* Object.keys(schema.properties as object);
  for (const part of Object.values(schema)) yield* namesIn(part);
}

function unknownText(key: string): string {
  const name = nearest(key, NAMES);
  return `there is no field ${JSON.stringify(key)}${name === null ? '' : `; did you mean "${name}"?`}`;
}

function unusable(file: string, why: string): ReproveError {
  return new ReproveError('usage', {
    what: `The policy ${file} cannot be used.`,
    why,
    next: 'Correct it; docs/policy.md says what a policy can hold. Nothing was accepted.',
  });
}
