import { read } from '../support/doc-page.ts';

/** A member of an interface, as its source and the comment above it have it. */
export interface Member {
  readonly name: string;
  /** The type; of a method what stands behind its name: `(code: number): void`. */
  readonly type: string;
  readonly isMethod: boolean;
  /** The comment as one line, without its tags. */
  readonly text: string;
  /** What `@default` says. */
  readonly defaultText: string | undefined;
}

/**
 * Reads the members of an interface out of a source file. There is no parser in it: the sources are formatted, so that a
 * member begins with two blanks and ends with a semicolon.
 */
export function interfaceMembers(file: string, name: string): Member[] {
  const source = read(file);
  const [, body] =
    new RegExp(`^export interface ${name}\\b[^{]*?\\{\\n([\\s\\S]*?)^\\}`, 'm').exec(source) ?? [];
  if (body === undefined) throw new Error(`${file} has no interface ${name}`);
  const members: Member[] = [];
  let comment = '';
  let declaration = '';
  for (const line of body.split('\n')) {
    if (declaration === '' && /^ {2}(?:\/\*\*| \*)/.test(line)) {
      comment = /^ {2}\/\*\*/.test(line) ? line : `${comment}\n${line}`;
      continue;
    }
    if (line.trim() === '' || line.trimStart().startsWith('//')) continue;
    declaration += `${line.trim()} `;
    if (!/^ {2}\S?.*;$/.test(line) || unbalanced(declaration)) continue;
    members.push(member(declaration, comment));
    [declaration, comment] = ['', ''];
  }
  if (declaration !== '') throw new Error(`${file}, ${name}: ${declaration}does not end`);
  return members;
}

function unbalanced(text: string): boolean {
  const types = text.replaceAll('=>', '');
  return (
    [...types].reduce(
      (depth, letter) => depth + Number('({[<'.includes(letter)) - Number(')}]>'.includes(letter)),
      0,
    ) !== 0
  );
}

function member(declaration: string, comment: string): Member {
  const [, name, optional, rest] =
    /^(?:readonly )?(\w+)(\??)(.*);\s*$/.exec(declaration.trim()) ?? [];
  if (name === undefined || rest === undefined) throw new Error(`not a member: ${declaration}`);
  const isMethod = rest.startsWith('(');
  const lines = comment.replace(/\s*\*\/\s*$/, '').replace(/^\s*\/?\*\*? ?/gm, '');
  const [text = '', ...tags] = lines.split(/(?=@(?:default|param|returns|throws)\b)/);
  const parameters = tags.flatMap((tag) => /^@param (\w+) - ([\s\S]*)/.exec(tag)?.slice(1) ?? []);
  const said = parameters.length === 2 ? `${text} \`${parameters[0]}\`: ${parameters[1]}` : text;
  return {
    name,
    isMethod,
    type: (isMethod ? rest : rest.replace(/^: /, ''))
      .replace(optional === '?' && !isMethod ? / \| undefined$/ : /$/, '')
      .replace(/^\((\(.*\) => .*)\)$/, '$1')
      .replace(/\( /g, '(')
      .replace(/,? \)/g, ')')
      .replace(/^\| /, '')
      .trim(),
    text: said
      .replace(/\{@link (\w+)\}/g, '`$1`')
      .replace(/\s+/g, ' ')
      .trim(),
    defaultText: tags
      .find((tag) => tag.startsWith('@default'))
      ?.replace('@default', '')
      .replace(/\s+/g, ' ')
      .trim(),
  };
}
