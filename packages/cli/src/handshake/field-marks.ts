import { type HeaderList, headerList } from 'meerkat/protocol';
import type { AnnotatedField, AnnotationOptions } from './head-annotations.ts';
import { redactFields } from './secrets.ts';

/** Gathers what is wrong with the fields of one head. */
export class FieldMarks {
  readonly #list: HeaderList;
  readonly #notes = new Map<number, string>();
  readonly #meanings = new Map<number, readonly string[]>();
  readonly #missing: AnnotatedField[] = [];

  /** @param raw - Name, value, name, value, … */
  constructor(raw: readonly string[]) {
    this.#list = headerList(raw);
  }

  /** The values of the field, one for each line. */
  values(name: string): string[] {
    return this.#list.filter(([one]) => one.toLowerCase() === name.toLowerCase()).map(([, v]) => v);
  }

  /** Marks every line of the field as wrong; the field itself as missing where it has none. */
  wrong(name: string, note: string): void {
    const count = this.values(name).length;
    if (count === 0) {
      this.#missing.push({ name, value: undefined, verdict: 'wrong', note });
      return;
    }
    const all = count > 1 ? `${count} times; ${note}` : note;
    this.#list.forEach(([one], at) => {
      if (one.toLowerCase() === name.toLowerCase()) this.#notes.set(at, all);
    });
  }

  /** Marks the lines from index `first` on. */
  wrongFrom(first: number, note: string): void {
    for (let at = first; at < this.#list.length; at += 1) this.#notes.set(at, note);
  }

  /** Says below the last line of the field what it means. */
  explain(name: string, meaning: readonly string[]): void {
    const at = this.#list.findLastIndex(([one]) => one.toLowerCase() === name.toLowerCase());
    if (at >= 0 && meaning.length > 0) this.#meanings.set(at, meaning);
  }

  /** @param ruled - Names, in lower case, of the fields that keep the rules where they are not marked. */
  fields(ruled: ReadonlySet<string>, { showSecrets }: AnnotationOptions): AnnotatedField[] {
    const shown = showSecrets === true ? this.#list.flat() : redactFields(this.#list.flat());
    const fields = this.#list.map(([name], at): AnnotatedField => {
      const note = this.#notes.get(at);
      const value = shown[2 * at + 1] ?? '';
      if (note !== undefined) return { name, value, verdict: 'wrong', note };
      const meaning = this.#meanings.get(at);
      const verdict = ruled.has(name.toLowerCase()) ? 'fine' : 'plain';
      return { name, value, verdict, ...(meaning === undefined ? {} : { meaning }) };
    });
    return [...fields, ...this.#missing];
  }
}
