import type { Act } from './acts.ts';
import type { Command } from './recipe.ts';
import { type Statement, statementsOf } from './statements.ts';

type ActionAct = Extract<Act, { readonly kind: 'action' }>;

/** What an action of the market place runs, as the commands that it comes down to; empty when that is not known. */
export function actionStatements(act: ActionAct): readonly Statement[] {
  const name = act.name.toLowerCase();
  if (name === 'changesets/action/publish') return [statementOf(act, ['changeset', 'publish'])];
  if (name === 'changesets/action')
    return scriptOf(act, act.inputs.get('publish') ?? act.inputs.get('publish-script'));
  if (name === 'nick-fields/retry' || name === 'nick-invision/retry')
    return scriptOf(act, act.inputs.get('command'));
  if (name === 'bahmutov/npm-install') return scriptOf(act, act.inputs.get('install-command') ?? 'npm ci');
  if (/^pnpm\/(?:action-)?setup$/.test(name)) return pnpmInstall(act);
  if (name.endsWith('semantic-release-action')) return [statementOf(act, ['npx', 'semantic-release'])];
  if (/\/(?:action-)?(?:npm-publish(?:-action)?|publish-npm|publish-to-npm)$/.test(name))
    return npmPublish(act);
  return [];
}

function scriptOf({ directory, env }: ActionAct, script: string | undefined): readonly Statement[] {
  return script === undefined ? [] : statementsOf(script, { directory, env });
}

function pnpmInstall(act: ActionAct): readonly Statement[] {
  const asked = act.inputs.get('run_install') ?? 'false';
  return asked === 'false' || asked === 'null' ? [] : [statementOf(act, ['pnpm', 'install'])];
}

/** JS-DevTools/npm-publish and its like: `package` is a folder, its manifest, or an archive. */
function npmPublish(act: ActionAct): readonly Statement[] {
  if (act.inputs.get('dry-run') === 'true') return [];
  const target = (act.inputs.get('package') ?? act.inputs.get('directory') ?? '').replace(
    /\/?package\.json$/,
    '',
  );
  const tag = act.inputs.get('tag');
  const registry = act.inputs.get('registry');
  // Since its version 2 the action leaves lifecycle scripts out unless it is told otherwise.
  const quiet = act.inputs.get('ignore-scripts') !== 'false' && (act.major ?? 2) >= 2;
  return [
    statementOf(act, [
      'npm',
      'publish',
      ...(target === '' ? [] : [target]),
      ...(tag === undefined ? [] : ['--tag', tag]),
      ...(registry === undefined ? [] : ['--registry', registry]),
      ...(quiet ? ['--ignore-scripts'] : []),
    ]),
  ];
}

function statementOf({ directory, env }: ActionAct, argv: Command['argv']): Statement {
  const words = argv.map((text) => ({ text, literal: true }));
  return { words, command: { argv, directory, env }, directory, env, problem: null };
}
