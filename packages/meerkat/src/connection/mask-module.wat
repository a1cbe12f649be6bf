;; Masking (RFC 6455 §5.3), 64 octets a step. `node scripts/mask-module.mjs` puts what this assembles to into mask-module.ts.
;; The memory, one page of 64 KiB, is the buffer that sockets read into: what is unmasked is already here. It cannot grow,
;; so that views of it stay good.
(module
  (memory (export "memory") 1 1)

  ;; XORs the octets from $at to before $end with $key, an i32 whose top octet meets payload octet 0. $phase is how many payload
  ;; octets came before, modulo 4.
  (func (export "mask") (param $at i32) (param $end i32) (param $key i32) (param $phase i32)
    (local $keys v128)
    (local $stop i32)

    ;; An i32 in memory begins with its lowest octet: the key is turned to the phase, repeated, and each copy reversed.
    (local.set $keys
      (i32x4.splat (i32.rotl (local.get $key) (i32.shl (local.get $phase) (i32.const 3)))))
    (local.set $keys
      (i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12 (local.get $keys) (local.get $keys)))

    (local.set $stop
      (i32.add (local.get $at)
        (i32.and (i32.sub (local.get $end) (local.get $at)) (i32.const -64))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $at) (local.get $stop)))
        (v128.store (local.get $at)
          (v128.xor (v128.load (local.get $at)) (local.get $keys)))
        (v128.store offset=16 (local.get $at)
          (v128.xor (v128.load offset=16 (local.get $at)) (local.get $keys)))
        (v128.store offset=32 (local.get $at)
          (v128.xor (v128.load offset=32 (local.get $at)) (local.get $keys)))
        (v128.store offset=48 (local.get $at)
          (v128.xor (v128.load offset=48 (local.get $at)) (local.get $keys)))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br $next)))

    (local.set $stop
      (i32.add (local.get $at)
        (i32.and (i32.sub (local.get $end) (local.get $at)) (i32.const -16))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $at) (local.get $stop)))
        (v128.store (local.get $at)
          (v128.xor (v128.load (local.get $at)) (local.get $keys)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))

    ;; At most 15 octets are left: 8, 4, 2, 1.
    (local.set $stop (i32.sub (local.get $end) (local.get $at)))
    (if (i32.and (local.get $stop) (i32.const 8))
      (then
        (i64.store (local.get $at)
          (i64.xor (i64.load (local.get $at)) (i64x2.extract_lane 0 (local.get $keys))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))))
    (local.set $key (i32x4.extract_lane 0 (local.get $keys)))
    (if (i32.and (local.get $stop) (i32.const 4))
      (then
        (i32.store (local.get $at) (i32.xor (i32.load (local.get $at)) (local.get $key)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))))
    (if (i32.and (local.get $stop) (i32.const 2))
      (then
        (i32.store16 (local.get $at) (i32.xor (i32.load16_u (local.get $at)) (local.get $key)))
        (local.set $key (i32.shr_u (local.get $key) (i32.const 16)))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))))
    (if (i32.and (local.get $stop) (i32.const 1))
      (then
        (i32.store8 (local.get $at) (i32.xor (i32.load8_u (local.get $at)) (local.get $key)))))))
