import type { Inputs, SelectedInputs, Selection } from '../model/inputs.ts';

/**
 * Takes what a user wants verified, each artifact once: entries of one package version and of digests that do not
 * contradict each other are one. Pure.
 */
export function selectInputs(inputs: Inputs, selection: Selection): SelectedInputs {
  throw new Error(`${inputs.files.length} ${selection.depth}`);
}
