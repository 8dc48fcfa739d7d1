"""A citizen's colors in, the table of materials and the shader code that paints them out.

Cloth, skin, irises and hair are painted in each fragment from `canon`, the place on the unmorphed
body in dm: the same cloth looks the same on everybody, and no noise belongs to one person.

A material is seven rows of four numbers:
    0  rgb linear, kind            1  second rgb, pattern (skin: lips rgb, blush)
    2  scale, fabric, gloss, strap (skin: scalp rgb, stubble)
    3  y_min, y_max, arm_max, opening: what is cut away (skin: legs above, scalp, -, -)
    4  strap rgb, quilt (skin: tights rgb, 1 if worn)
    5  skin: freckles, wrinkles, where they lie, 1 if it has any of this (`people.Detail`)
    6  skin: moles, paint of the lids, shadows under the eyes, unevenness
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.citizens.people import Citizen
from core.citizens.wardrobe import CUTS, RGB8, Cloth, Garment

Float32 = NDArray[np.float32]

(SKIN, EYE, BROW, LASH, HAIR, UPPER, UPPER_SKIRT, INNER, LOWER, SHOES, COLLAR, HAT, GLASSES, LENS,
 MASK, BAG, STRAP) = range(17)  # fmt: skip
COUNT, ROWS = 17, 7
KINDS = {SKIN: 1, EYE: 2, BROW: 3, LASH: 4, HAIR: 5, MASK: 8}
PATTERNS = ("plain", "stripes", "pinstripes", "checks", "two_tone", "print", "blotches", "graphic",
            "panels")  # fmt: skip
FABRICS = ("cotton", "knit", "denim", "padded", "wool", "leather")
FAR = 99.0
SHOE = 7


def linear(rgb: RGB8 | tuple[float, ...]) -> Float32:
    """sRGB 0-255 to linear 0-1 (3,)."""
    c = np.asarray(rgb, np.float32) / 255
    out: Float32 = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return out.astype(np.float32)


def clips(person: Citizen) -> Mapping[int, tuple[float, float, float, float]]:
    """Row 3 of the clothes of a citizen: y_min, y_max, arm_max, opening."""
    o = person.outfit
    skirted = CUTS[o.upper.cut].skirt
    hem = o.upper.hem if skirted else -FAR
    out = {
        UPPER: (-FAR, FAR, o.upper.arm, o.upper.opening),
        UPPER_SKIRT: (hem, 1.15, FAR, o.upper.opening if o.upper.kind == "outerwear" else 0.0),
        INNER: (0.15, FAR, 0.2, 0.0),
        COLLAR: (-FAR, FAR, FAR, 0.0),
    }
    covered = hem + 0.5 if skirted else FAR  # trousers above this are under the skirt of the coat
    if o.lower is not None:
        out[LOWER] = (o.lower.hem, min(covered, FAR), FAR, 0.0)
        if o.lower.kind == "skirt":
            covered = min(covered, (o.lower.hem if o.lower.hem > -FAR else -3.1) + 0.45)
    out[SKIN] = (covered, {"none": 0.3}.get(person.hair.kind, 1.0), 0.0, 0.0)
    return out


def _cloth(row: Float32, cloth: Cloth, kind: int = 6) -> None:
    row[0] = (*linear(cloth.rgb), kind)
    row[1] = (*linear(cloth.second), PATTERNS.index(cloth.pattern))
    gloss = {"leather": 0.5, "padded": 0.18}.get(cloth.fabric, 0.03)
    row[2] = (cloth.scale, FABRICS.index(cloth.fabric), gloss, 0)
    row[4, 3] = 1.0 if cloth.fabric == "padded" else 0.0


def materials(
    person: Citizen,
    clip: Mapping[int, tuple[float, float, float, float]],
    hair_top: float,
) -> Float32:
    """(COUNT, ROWS, 4) the table of a citizen; hair_top: hair above this y lies under a hat."""
    o = person.outfit
    table = np.zeros((COUNT, ROWS, 4), np.float32)
    table[:, 3] = (-FAR, FAR, FAR, 0)
    table[SKIN, 0] = (*linear(person.skin), 1)
    table[SKIN, 1] = (*linear(person.lips), person.blush)
    table[SKIN, 2] = (*linear(person.hair_rgb), person.stubble)
    if o.tights is not None:
        table[SKIN, 4] = (*linear(o.tights), 1)
    if person.detail is not None:
        d = person.detail
        table[SKIN, 5] = (d.freckles, d.wrinkles, d.where, 1)
        table[SKIN, 6] = (d.moles, d.lids, d.bags, d.uneven)
    table[EYE, 0] = (*linear(person.iris), 2)
    table[BROW, 0] = (*linear(person.brow_rgb), 3)
    table[BROW, 2] = (person.brow_fill, 0, 0, 0)
    table[LASH, 0] = (*linear((16, 13, 12)), 4)
    table[HAIR, 0] = (*linear(person.hair_rgb), 5)
    worn: dict[int, Garment | None] = {UPPER: o.upper, UPPER_SKIRT: o.upper, COLLAR: o.upper,
                                       INNER: o.inner, LOWER: o.lower}  # fmt: skip
    for mat, item in worn.items():
        if item is not None:
            _cloth(table[mat], item.cloth)
    _cloth(table[SHOES], o.shoes.cloth, SHOE)
    for mat, row in clip.items():
        table[mat, 3] = row
    table[HAIR, 3] = (person.hair.length, hair_top, FAR, 0)
    _things(person, table)
    return table


def _things(person: Citizen, table: Float32) -> None:
    """Hat, glasses, mask, bag and its strap on the upper garment."""
    o = person.outfit
    if o.hat is not None:
        fabric = {"beanie": "knit", "helmet": "leather"}.get(o.hat.form, "cotton")
        _cloth(table[HAT], Cloth(o.hat.color, o.hat.rgb, fabric=fabric))
        table[HAT, 2, 2] = 0.6 if o.hat.form == "helmet" else 0.03
        table[HAT, 0, 3] = 9
    if o.glasses is not None:
        table[GLASSES, 0] = (*linear(o.glasses.rgb), 9)
        table[GLASSES, 2, 2] = 0.5
        table[LENS, 0] = (*linear((18, 18, 22)), 9)
        table[LENS, 2, 2] = 0.9
    if o.mask is not None:
        table[MASK, 0] = (*linear(o.mask.rgb), 8)
        table[MASK, 1, 3] = 1.0 if o.mask.form == "folded" else 0.0
        table[STRAP, 0] = (*linear(o.mask.rgb), 9)
    if o.bag is not None:
        table[BAG, 0] = (*linear(o.bag.rgb), 9)
        table[BAG, 2] = (0, 0, 0.25, 0)
        strap = {"backpack": 1.0, "crossbody": 2.0 if person.seed % 2 else 3.0}.get(o.bag.form, 0.0)
        table[UPPER, 2, 3] = strap
        table[UPPER, 4, :3] = linear(o.bag.rgb) * 0.85


GLSL = """
const float PI = 3.14159265;
float gauss(float x, float c, float w) { float d = (x - c) / w; return exp(-d * d); }
float wave(vec3 p) {
    return sin(p.x + 1.7 * sin(p.y * 0.7 + 0.4)) * sin(p.y + 1.3 * sin(p.z * 0.9 + 1.1))
         + 0.5 * sin(p.z * 1.9 + 1.1 * sin(p.x * 1.3));
}
float hash(vec2 p) { return fract(sin(dot(p, vec2(127.1, 311.7))) * 43758.5453); }

// Folds of cloth, m: at elbows, knees, ankles and crotch, and slack over the trunk.
float folds(vec3 c, float arm, float mat, float quilt) {
    float h = 0.0;
    if (quilt > 0.5) {
        float along = arm > 0.03 ? arm * 6.0 : c.y;
        float t = abs(sin(along * PI / 0.92));
        return 0.011 * sqrt(t) + 0.0012 * wave(c * 9.0);
    }
    if (arm > 0.03) {
        h += gauss(arm, 0.50, 0.16) * 0.0042 * sin(arm * 48.0 + 2.0 * sin(c.z * 3.0));
        h += gauss(arm, 0.93, 0.12) * 0.0034 * sin(arm * 62.0 + 2.0 * sin(c.z * 4.0 + c.x));
        h += gauss(arm, 0.08, 0.12) * 0.0030 * sin(c.y * 9.0 + c.x * 7.0);
    } else if (mat == 8.0) {
        float leg = abs(c.x);
        h += gauss(c.y, -3.6, 0.8) * 0.0030
           * sin(c.y * 6.0 + 2.6 * sin(c.z * 2.6 + leg * 2.0) + c.x);
        h += smoothstep(-5.6, -7.2, c.y) * 0.0042
           * sin(c.y * 8.0 + 3.2 * sin(c.z * 2.6 + leg * 1.6));
        h += gauss(c.y, -0.1, 0.8) * 0.0050 * sin((leg * 1.3 + c.y) * 7.0);
        h += 0.0016 * wave(vec3(c.x * 4.0, c.y * 1.6, c.z * 4.0));
    } else {
        float low = smoothstep(3.4, 0.6, c.y);
        h += (0.0022 + 0.0040 * low) * wave(vec3(c.x * 2.6 + c.y * 0.9, c.y * 2.2, c.z * 2.6));
        h += 0.0020 * wave(vec3(c.x * 6.0 + c.y * 2.0, c.y * 3.6, c.z * 5.0));
        if (mat == 6.0) h += 0.010 * sin(atan(c.x, c.z - 0.2) * 11.0) * smoothstep(1.0, -2.0, c.y);
        if (mat == 6.0) h += 0.004 * sin(atan(c.x, c.z - 0.2) * 19.0 + c.y);
    }
    return h;
}

// Cloth of one's own: blotches, a picture on the chest, panels; the colors say how they lie.
vec3 own(vec3 c, float arm, vec3 a, vec3 b, float pattern, float scale, float soft) {
    float p = 40.0 * (a.r + 2.3 * a.g + 5.1 * b.b + 3.7 * b.r);
    vec3 third = fract(p * 0.37) > 0.5 ? a.brg * 0.6 + b.gbr * 0.4 : b.grb;
    if (pattern == 6.0) {
        vec3 q = c * (2.2 / scale) + vec3(p, 1.7 * p, 0.6 * p);
        float t = wave(q) + 0.5 * wave(q * 2.1 + 3.0), edge = min(0.3, 2.0 * soft);
        vec3 two = mix(a, b, smoothstep(-edge, edge, t - 0.1));
        return mix(two, third, smoothstep(-edge, edge, t - 0.9));
    }
    if (pattern == 7.0) {
        if (c.z < 0.4 || arm > 0.03) return a;
        vec2 q = vec2(c.x, c.y - 3.4 - 0.6 * sin(p));
        float half_w = 0.55 + 0.45 * fract(p * 0.71), half_h = 0.35 + 0.75 * fract(p * 0.53);
        float inside = fract(p * 0.19) > 0.5
            ? 1.0 - smoothstep(0.9, 1.0, length(q / vec2(half_w, half_h)))
            : step(abs(q.x), half_w) * step(abs(q.y), half_h);
        float t = wave(vec3(q * (3.0 + 3.0 * fract(p * 0.83)), p));
        vec3 drawn = mix(b, third, smoothstep(-0.1, 0.1, t));
        return mix(a, drawn, inside);
    }
    float kind = floor(fract(p * 0.29) * 4.0);
    if (kind == 0.0) return arm > 0.03 ? b : a;
    if (kind == 1.0) return abs(c.x) > 1.05 + 0.3 * fract(p) && arm <= 0.03 ? b : a;
    float y = 1.2 + 3.2 * fract(p * 0.47), wide = 0.4 + 0.6 * scale;
    if (kind == 2.0) return abs(c.y - y) < wide && arm <= 0.03 ? b : a;
    return c.y + 0.5 * c.x * sin(p) > y ? (arm > 0.6 ? third : b) : a;
}

// The color of a cloth at canon c; px = dm of canon per pixel (patterns fade when too fine).
vec3 dye(vec3 c, float arm, float mat, vec3 a, vec3 b, float pattern, float scale, float px) {
    float along = arm > 0.03 ? arm * 6.2 : c.y;
    float around = arm > 0.03 ? c.z : c.x;
    float soft = max(px / scale, 0.02);
    float fine = clamp(1.6 - 2.2 * px / scale, 0.0, 1.0);
    vec3 mean = mix(a, b, pattern == 1.0 ? 0.45 : pattern == 2.0 ? 0.18 : 0.35);
    if (pattern == 1.0) {
        float t = abs(fract(along / scale) - 0.5) * 2.0;
        return mix(mean, mix(a, b, smoothstep(0.55 - soft, 0.55 + soft, t)), fine);
    }
    if (pattern == 2.0) {
        float t = abs(fract(around / scale) - 0.5) * 2.0;
        return mix(mean, mix(a, b, 0.8 * smoothstep(0.80 - soft, 0.80 + soft, t)), fine);
    }
    if (pattern == 3.0) {
        float u = smoothstep(0.5 - soft, 0.5 + soft, abs(fract(along / scale) - 0.5) * 2.0);
        float v = smoothstep(0.5 - soft, 0.5 + soft, abs(fract(around / scale) - 0.5) * 2.0);
        float line = smoothstep(0.93, 0.97, abs(fract(along / scale * 0.5) - 0.5) * 2.0);
        return mix(mean, mix(mix(a, b, 0.5 * (u + v)), b * 0.5, 0.5 * line), fine);
    }
    if (pattern == 4.0) {
        float t = mat == 8.0 ? smoothstep(0.10, 0.14, abs(c.z - 0.25) < 0.22 ? 1.0 : 0.0)
                             : (arm > 0.03 ? 1.0 : smoothstep(4.2, 4.2 + max(px, 0.03), c.y));
        return mix(a, b, t);
    }
    if (pattern == 5.0) {
        if (mat == 5.0 && scale > 0.8) {
            if (c.z < 0.5 || arm > 0.03) return a;
            vec2 q = vec2(c.x, c.y - 3.7);
            float box = step(abs(q.x), 0.85) * step(abs(q.y), 0.42 * scale);
            float letters = fract(q.x * (1.3 + floor(q.y * 2.1)));
            float bars = step(0.35, fract(q.y * 2.1)) * step(0.22, letters);
            return mix(a, b, box * bars);
        }
        vec2 q = vec2(around, along) / (0.55 * scale);
        vec2 cell = floor(q);
        vec2 at = fract(q) - 0.5 - 0.28 * (vec2(hash(cell), hash(cell + 7.3)) - 0.5);
        float r = length(at) + 0.06 * sin(5.0 * atan(at.y, at.x));
        return mix(mean, mix(a, b, 1.0 - smoothstep(0.24 - soft, 0.24 + soft, r)), fine);
    }
    if (pattern > 5.5) return own(c, arm, a, b, pattern, scale, soft);
    return a;
}
"""
