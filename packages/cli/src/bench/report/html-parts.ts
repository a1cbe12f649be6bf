// What sections of the page are made of.

/** A section with its heading; `body` is HTML. */
export function section(id: string, title: string, body: string): string {
  return `<section class="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>`;
}

/** A table in a box that scrolls sideways, never the page. */
export function table(id: string, heads: readonly string[], rows: readonly string[]): string {
  const head =
    heads.length === 0
      ? ''
      : `<thead><tr>${heads.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead>`;
  return `<div class="scroll" tabindex="0" role="region" aria-labelledby="${id}-title"><table>${head}
<tbody>${rows.join('\n')}</tbody></table></div>`;
}
