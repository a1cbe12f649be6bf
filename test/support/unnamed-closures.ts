// Imported before everything else by programs whose memory is measured. tsx keeps the names of functions by defining them
// anew on every closure, which costs each of them 200 octets that a compiled program does not spend.
const { defineProperty } = Object;

Object.defineProperty = ((target: object, key: PropertyKey, descriptor: PropertyDescriptor) => {
  const isName = typeof target === 'function' && key === 'name' && !('get' in descriptor);
  return isName ? target : defineProperty(target, key, descriptor);
}) as typeof Object.defineProperty;
