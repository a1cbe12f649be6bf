import fc from 'fast-check';

const unit = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }),
  fc.integer({ min: 0xd7f0, max: 0xe00f }),
  fc.integer({ min: 0, max: 0x7f }),
);

/** Any UTF-16 units: characters of every length in UTF-8, surrogate pairs and surrogates that stand alone. */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  return fc.array(unit, { maxLength }).map((units) => String.fromCharCode(...units));
}

/** The same without surrogates that stand alone, which UTF-8 cannot hold. */
export function wellFormedText(maxLength: number): fc.Arbitrary<string> {
  return anyText(maxLength).map((text) => Buffer.from(text).toString());
}
