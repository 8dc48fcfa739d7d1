"""The GPU programs as text: people with skinning and paint, scenery, and the shadow map.

Colors are linear until the end of a fragment; alpha carries the person's number, so one picture
holds image and ids. Bumps need no coordinates on the surface.

Source: [mikkelsen2010bump]
"""

from __future__ import annotations

from core.citizens import paint

BONES = 64
LAMPS = 8
BLOBS = 16

SKINNING = f"""
in vec3 position; in vec3 normal; in vec3 canon; in vec4 extra; in uvec4 bones; in vec4 weights;
layout(std140) uniform Bones {{ mat4 bone[{BONES}]; }};
mat4 skin() {{
    return bone[bones.x] * weights.x + bone[bones.y] * weights.y
         + bone[bones.z] * weights.z + bone[bones.w] * weights.w;
}}
"""

CUT = f"""
layout(std140) uniform Materials {{ vec4 material[{paint.COUNT * paint.ROWS}]; }};
// True where the part is cut away: sleeves, hems, open fronts, hair under hats, masks' outlines.
bool cut_away(vec3 c, vec4 e) {{
    int at = int(e.w + 0.5) * {paint.ROWS};
    vec4 edge = material[at + 3];
    float kind = material[at].w;
    if (kind == 1.0) {{
        bool legs = e.x < 0.02 && c.y < 0.9 && c.y > edge.x;
        return legs;
    }}
    if (kind == 2.0 || kind == 3.0 || kind == 4.0 || kind == 9.0) return false;
    if (c.y > edge.y) return true;
    if (kind == 5.0) {{
        float jag = 0.05 * sin(c.x * 37.0) + 0.04 * sin(c.x * 91.0);
        float side = smoothstep(0.45, 0.70, abs(c.x));
        bool fringe = c.z > 0.98 + 0.14 * side && c.y > 5.6 && c.y < 7.50 - 0.25 * side + jag;
        return fringe || c.y < edge.x + 1.2 * jag;
    }}
    if (kind == 8.0) {{
        float low = 6.14 + 0.16 * c.x * c.x;
        float high = 7.06 - 0.30 * c.x * c.x;
        return c.y < low || c.y > high || abs(c.x) > 0.68;
    }}
    if (e.x <= 0.02 && c.y < edge.x) return true;
    if (e.x > edge.z) return true;
    float open = edge.w * (0.75 + 0.25 * smoothstep(5.5, 4.5, c.y));
    return open > 0.0 && c.z > 0.2 && abs(c.x) < open;
}}
"""

PERSON_VERTEX = (
    "#version 330\n"
    + SKINNING
    + """
uniform mat4 camera;
out vec3 P; out vec3 N; out vec3 C; out vec4 E;
void main() {
    mat4 m = skin();
    vec4 world = m * vec4(position, 1.0);
    P = world.xyz; N = mat3(m) * normal; C = canon; E = extra;
    gl_Position = camera * world;
}
"""
)

LIGHTING = f"""
uniform vec3 eye, sun_dir, sun_rgb, sky_rgb, ground_rgb, fog_rgb;
uniform float fog, exposure, infrared, shadow_on;
uniform int lamps;
uniform vec4 lamp_at[{LAMPS}];
uniform vec3 lamp_rgb[{LAMPS}];
uniform mat4 sun_matrix;
uniform sampler2D shadow_map;

float sunlit(vec3 p, vec3 n) {{
    if (shadow_on < 0.5) return 1.0;
    vec4 q = sun_matrix * vec4(p + n * 0.02, 1.0);
    vec3 s = q.xyz * 0.5 + 0.5;
    if (s.x < 0.002 || s.y < 0.002 || s.x > 0.998 || s.y > 0.998 || s.z > 1.0) return 1.0;
    vec2 texel = 1.0 / vec2(textureSize(shadow_map, 0));
    float lit = 0.0;
    for (int i = 0; i < 4; i++) {{
        vec2 o = vec2(i & 1, i >> 1) - 0.5;
        lit += step(s.z - 0.0015, texture(shadow_map, s.xy + o * texel * 1.4).r);
    }}
    return lit * 0.25;
}}

// Light that falls on a surface; wrap lets it bleed around (skin). x: diffuse rgb.
vec3 fall(vec3 p, vec3 n, float ao, float wrap, float sun) {{
    if (infrared > 0.5) {{
        vec3 to = eye - p;
        float d2 = dot(to, to);
        float facing = max(dot(n, normalize(to)), 0.0);
        return vec3((0.10 + 0.95 * facing) * 1.25 / (0.55 + d2 / 90.0) + 0.03) * (0.6 + 0.4 * ao);
    }}
    float up = n.z * 0.5 + 0.5;
    vec3 light = mix(ground_rgb, sky_rgb, up) * ao;
    float direct = max((dot(n, sun_dir) + wrap) / (1.0 + wrap), 0.0);
    light += sun_rgb * direct * sun;
    for (int i = 0; i < lamps; i++) {{
        vec3 to = lamp_at[i].xyz - p;
        float d = length(to);
        float fade = max(1.0 - d / lamp_at[i].w, 0.0);
        light += lamp_rgb[i] * max((dot(n, to / d) + wrap) / (1.0 + wrap), 0.0) * fade * fade
               / (1.0 + d * d) * (0.5 + 0.5 * ao);
    }}
    return light;
}}

vec3 finish(vec3 color, vec3 p) {{
    color = mix(fog_rgb, color, exp(-fog * distance(p, eye)));
    if (infrared > 0.5) color = vec3(dot(color, vec3(0.333)));
    color = 1.0 - exp(-1.4 * exposure * color);
    return pow(max(color, vec3(0.0)), vec3(1.0 / 2.2));
}}
"""

PERSON_FRAGMENT = (
    "#version 330\n"
    + paint.GLSL
    + CUT
    + LIGHTING
    + f"const int ROWS = {paint.ROWS};\n"
    + """
uniform float person;
in vec3 P; in vec3 N; in vec3 C; in vec4 E;
out vec4 pixel;

vec3 bumped(vec3 n, float h) {
    vec3 sx = dFdx(P), sy = dFdy(P);
    vec3 r1 = cross(sy, n), r2 = cross(n, sx);
    float det = dot(sx, r1);
    vec3 grad = sign(det) * (dFdx(h) * r1 + dFdy(h) * r2);
    return normalize(abs(det) * n - grad);
}

vec3 skin_color(vec4 m0, vec4 m1, vec4 m2, vec4 m3, vec4 m4, float px, out float gloss) {
    vec3 c = m0.rgb;
    gloss = 0.10;
    float near = clamp(1.5 - px * 9.0, 0.0, 1.0);  // the same unevenness on everybody
    c *= 1.0 + near * (0.035 * wave(C * 7.0) + 0.025 * wave(C * 23.0 + 3.0))
             * vec3(0.7, 1.1, 1.2);
    vec2 cheek = vec2(abs(C.x) - 0.46, C.y - 6.92);
    float face = step(0.9, C.z) * step(6.0, C.y);
    c = mix(c, c * vec3(1.08, 0.72, 0.70), face * m1.w * exp(-dot(cheek, cheek) * 14.0));
    vec2 tip = vec2(C.x, C.y - 6.95);
    c = mix(c, c * vec3(1.03, 0.88, 0.86), face * 0.3 * exp(-dot(tip, tip) * 22.0));
    float beard = step(0.4, C.z) * smoothstep(6.98, 6.80, C.y) * smoothstep(5.9, 6.2, C.y)
                * (1.0 - 0.7 * smoothstep(0.16, 0.10, abs(C.x)) * step(6.72, C.y) * step(C.y, 6.8));
    c = mix(c, c * 0.5 + m2.rgb * 0.35, m2.w * 0.5 * beard);
    vec2 lid = vec2(abs(C.x) - 0.33, (C.y - (C.y < 7.25 ? 7.20 : 7.34)) * 1.7);
    c = mix(c, c * vec3(0.80, 0.70, 0.70), face * 0.62 * exp(-dot(lid, lid) * 16.0));
    c = mix(c, m1.rgb, 0.85 * smoothstep(0.12, 0.55, E.y));
    gloss += 0.10 * smoothstep(0.3, 0.6, E.y);
    float between = gauss(C.y, 6.64, 0.020) * smoothstep(0.34, 0.27, abs(C.x));
    c *= 1.0 - 0.55 * face * between;
    float line = mix(mix(6.66, 7.42, smoothstep(0.10, 0.45, C.z)), 7.93,
                     smoothstep(0.72, 1.12, C.z));
    line += 0.02 * sin(C.x * 40.0) + 0.02 * sin(C.z * 53.0);
    float scalp = smoothstep(line - 0.05, line + 0.08, C.y) * step(6.5, C.y);
    scalp *= 1.0 - smoothstep(0.80, 0.86, abs(C.x)) * step(C.y, 7.5);
    c = mix(c, m2.rgb * 0.8, scalp * m3.y);
    gloss *= 1.0 - 0.6 * scalp;
    if (m4.w > 0.5 && E.x < 0.02 && C.y < 0.8) { c = m4.rgb; gloss = 0.08; }
    return c;
}

// What tells two skins apart near by: only where the citizen has such a detail.
vec3 detailed(vec3 c, vec4 d, vec4 e, vec3 dark) {
    float s = d.z * 40.0;
    float face = smoothstep(0.75, 1.0, C.z) * step(6.1, C.y);
    c *= 1.0 + e.w * (0.10 * wave(C * 2.6 + s) + 0.06 * wave(C * 8.0 + 2.0 * s))
             * vec3(0.6, 1.0, 1.1);
    vec2 q = vec2(C.x, C.y) * 17.0;
    vec2 cell = floor(q);
    float own = hash(cell + s);
    vec2 at = fract(q) - 0.5 - 0.5 * (vec2(hash(cell + s + 3.1), hash(cell + s + 7.7)) - 0.5);
    float over = exp(-pow(abs(C.y - 6.98) * 2.6, 2.0)) * exp(-pow(abs(C.x) * 1.5, 4.0));
    float spot = smoothstep(0.30, 0.12, length(at)) * step(1.0 - 0.8 * d.x * over, own);
    c = mix(c, c * vec3(0.70, 0.50, 0.40), 0.75 * face * spot);
    for (int i = 0; i < 5; i++) {
        if (float(i) >= e.x) break;
        float k = float(i) * 1.7 + s;
        vec2 m = vec2(C.x - 1.2 * (hash(vec2(k, 1.3)) - 0.5),
                      C.y - 6.35 - 1.25 * hash(vec2(k, 4.1)));
        float r = 0.016 + 0.022 * hash(vec2(k, 8.2));
        c = mix(c, vec3(0.035, 0.018, 0.012), 0.85 * face * smoothstep(r, 0.5 * r, length(m)));
    }
    float brow = gauss(C.y, 7.72, 0.16) * smoothstep(0.62, 0.40, abs(C.x))
               * pow(0.5 + 0.5 * sin(C.y * 58.0 + 0.8 * sin(C.x * 5.0 + s) + s), 5.0);
    float feet = gauss(abs(C.x), 0.62, 0.07) * gauss(C.y, 7.24, 0.13)
               * pow(0.5 + 0.5 * sin((C.y - 7.24 - 0.5 * (abs(C.x) - 0.5)) * 70.0), 4.0);
    float fold = gauss(abs(C.x) - 0.30 - 0.30 * (6.90 - C.y), 0.0, 0.030)
               * smoothstep(6.46, 6.58, C.y) * smoothstep(6.98, 6.86, C.y);
    float glare = gauss(abs(C.x), 0.07, 0.022) * gauss(C.y, 7.46, 0.09);
    c *= 1.0 - face * d.y * min(0.7, 0.55 * brow + 0.55 * feet + 0.60 * fold + 0.4 * glare);
    vec2 bag = vec2((abs(C.x) - 0.31) * 1.2, C.y - 7.11 + 0.35 * pow(abs(C.x) - 0.31, 2.0));
    c = mix(c, c * vec3(0.66, 0.56, 0.62), face * e.z * exp(-dot(bag, bag) * 130.0));
    vec2 lid = vec2((abs(C.x) - 0.33) * 1.1, C.y - 7.36);
    return mix(c, dark, face * e.y * exp(-dot(lid, lid) * 70.0));
}

vec3 eye_color(vec3 iris, out float gloss) {
    gloss = 0.9;
    float away = acos(clamp(normalize(C).z, -1.0, 1.0));
    vec3 c = mix(vec3(0.80, 0.76, 0.73), vec3(0.62, 0.42, 0.38), smoothstep(0.80, 1.25, away));
    c = mix(iris * 0.35, c, smoothstep(0.40, 0.47, away));
    c = mix(iris * (0.8 + 0.3 * sin(atan(C.y, C.x) * 23.0)), c, smoothstep(0.35, 0.40, away));
    float lid = 1.0 - 0.45 * smoothstep(0.1, 0.6, C.y);
    return mix(vec3(0.004), c, smoothstep(0.15, 0.19, away)) * lid;
}

void main() {
    if (cut_away(C, E)) discard;
    int at = int(E.w + 0.5) * ROWS;
    vec4 m0 = material[at], m1 = material[at + 1], m2 = material[at + 2], m3 = material[at + 3],
         m4 = material[at + 4];
    float kind = m0.w;
    vec3 n = normalize(N);
    vec3 view = normalize(eye - P);
    if (dot(n, view) < 0.0 && kind != 1.0 && kind != 2.0) n = -n;
    float px = max(length(dFdx(C)), length(dFdy(C)));
    float mat = floor(E.w + 0.5);
    float ao = 1.0, wrap = 0.0, gloss = m2.z, rough = 24.0;
    vec3 color = m0.rgb;
    if (kind == 1.0) {
        color = skin_color(m0, m1, m2, m3, m4, px, gloss);
        vec4 m5 = material[at + 5];
        if (m5.w > 0.5) color = detailed(color, m5, material[at + 6], m2.rgb * 0.5 + 0.02);
        ao = 1.0 - 0.65 * clamp(E.z * 2.4, 0.0, 1.0);
        ao *= 1.0 - 0.24 * gauss(C.y, 6.1, 0.32) * smoothstep(1.45, 1.0, C.z)
                  * smoothstep(0.03, 0.0, E.x);
        wrap = 0.25;
    } else if (kind == 2.0) {
        color = eye_color(m0.rgb, gloss);
        rough = 90.0;
    } else if (kind == 3.0) {
        float v = (E.z - 0.5) * 2.0;
        float hairs = hash(floor(vec2(E.y * 70.0, E.z * 9.0 + E.y * 14.0)));
        float body = smoothstep(1.0, 0.45, abs(v)) * smoothstep(0.0, 0.12, E.y)
                   * smoothstep(1.0, 0.88, E.y);
        if (hairs > m2.x * (0.15 + 1.05 * body) + clamp(px * 8.0 - 0.2, 0.0, 0.15)) discard;
        color = mix(color, vec3(0.30, 0.19, 0.14), 0.15);
        gloss = 0.0;
    } else if (kind == 4.0) {
        if (C.y < 7.27 || fract(E.y * 28.0) > 0.35 + clamp(px * 12.0 - 0.1, 0.0, 0.2)) discard;
        gloss = 0.0;
    } else if (kind == 5.0) {
        float fade = clamp(1.4 - px * 9.0, 0.0, 1.0);
        float turn = atan(C.x, C.z - 0.35) + 0.12 * sin(C.y * 1.9);
        float strand = sin(turn * 74.0) * sin(turn * 31.0 + 1.7) + 0.6 * sin(turn * 151.0 + C.y);
        float lock = sin(turn * 11.0 + 1.2 * sin(C.y * 2.1)) + 0.5 * sin(turn * 23.0 + C.y * 1.3);
        color *= 1.0 + 0.20 * strand * fade + 0.14 * lock;
        n = bumped(n, 0.0022 * lock + 0.0006 * strand * fade);
        ao = 0.55 + 0.45 * smoothstep(6.2, 8.0, C.y);
        gloss = 0.10; rough = 14.0; wrap = 0.15;
    } else if (kind == 6.0) {
        color = dye(C, E.x, mat, m0.rgb, m1.rgb, m1.w, m2.x, px);
        float fade = clamp(1.5 - px * 4.0, 0.0, 1.0);
        float h = folds(C, E.x, mat, m4.w) * mix(0.5, 1.0, fade);
        if (m2.y == 1.0) {
            float f = clamp(1.5 - px * 26.0, 0.0, 1.0);
            h += 0.0009 * f * sin((E.x > 0.03 ? E.x * 6.2 : C.y) * 62.0) * sin(C.x * 70.0);
        }
        n = bumped(n, h);
        bool jeans = m2.y == 2.0 && mat == 8.0;
        float worn = jeans ? gauss(C.y, -2.2, 1.9) * smoothstep(0.2, 1.0, C.z) : 0.0;
        color = mix(color, color * 1.6 + 0.03, 0.55 * worn);
        if (m2.w > 0.5) {
            float across = (m2.w < 2.5 ? C.x : -C.x) - (2.9 - C.y) * 0.42 - 0.15;
            bool strap = m2.w < 1.5 ? abs(abs(C.x) - 0.92) < 0.17 && C.y > 2.0
                                    : abs(across) < 0.11;
            if (strap && E.x < 0.05) {
                color = m4.rgb;
                n = normalize(N) * sign(dot(N, view));
            }
        }
        if (E.x > 0.03) ao *= 0.86 + 0.14 * smoothstep(0.0, 0.25, E.x);
        float inside = abs(C.x) + max(0.0, -C.y - 2.0) * 0.25;
        if (mat == 8.0) ao *= 0.62 + 0.38 * smoothstep(0.1, 1.3, inside);
        if (mat == 7.0) ao *= 0.7;
        if (mat == 8.0) ao *= 1.0 - 0.35 * smoothstep(-0.6, 0.6, C.y);
        wrap = 0.08;
    } else if (kind == 7.0) {
        float sole = smoothstep(-7.93, -7.99, C.y);
        vec3 base = m1.w == 4.0 && C.z > 1.1 ? m1.rgb : m0.rgb;
        float sporty = m2.y == 5.0 ? 0.0 : 1.0;
        color = mix(base, mix(m0.rgb * 0.35, vec3(0.72), sporty), sole);
        if (sporty > 0.5 && C.z > 0.55 && C.z < 1.2 && C.y > -7.62 && fract(C.z * 6.0) < 0.4)
            color = mix(color, vec3(0.75), 0.55);
        if (C.y > -7.30) color = vec3(0.05);
    } else if (kind == 8.0) {
        float fold = m1.w > 0.5 ? gauss(C.x, 0.0, 0.02) : 0.0;
        float pleat = m1.w > 0.5 ? 0.0 : 0.0010 * sin((C.y - 6.2) * 26.0)
                                       * smoothstep(0.5, 0.3, abs(C.x));
        n = bumped(n, pleat + 0.002 * fold);
        wrap = 0.15; gloss = 0.02;
    } else if (kind == 9.0 && mat == 15.0) {
        n = bumped(n, 0.0008 * wave(C * 3.0));
        color *= 0.75 + 0.25 * smoothstep(0.02, 0.03, abs(fract(E.z * 3.0) - 0.5));
    }
    if (infrared > 0.5) {
        float l = dot(color, vec3(0.3, 0.55, 0.15));
        float bright = kind == 1.0 ? 0.55 : kind == 5.0 ? 0.16 : kind == 6.0 ? 0.42 : l;
        color = vec3(kind == 2.0 ? l * 1.6 : mix(l, bright, kind == 6.0 ? 0.55 : 0.75));
    }
    vec3 body_ao = vec3(ao * (0.62 + 0.38 * clamp(n.z * 0.5 + 0.75, 0.0, 1.0)));
    float sun = infrared > 0.5 ? 1.0 : sunlit(P, n);
    vec3 light = fall(P, n, body_ao.x, wrap, sun);
    vec3 result = color * light;
    if (kind == 1.0 && infrared < 0.5) {
        float edge = pow(1.0 - max(dot(n, view), 0.0), 3.0) * step(0.0, dot(n, view)) * ao;
        result += color * vec3(0.5, 0.2, 0.14) * edge * 0.25 * dot(light, vec3(0.33));
    }
    if (gloss > 0.0) {
        vec3 half_way = normalize(view + (infrared > 0.5 ? view : sun_dir));
        float shine = pow(max(dot(n, half_way), 0.0), rough) * gloss;
        vec3 from = infrared > 0.5 ? vec3(0.4) : sun_rgb * sun;
        float sheen = pow(1.0 - max(dot(n, view), 0.0), 4.0) * gloss * ao;
        result += from * shine + light * 0.25 * sheen + sky_rgb * gloss * 0.08 * max(n.z, 0.0);
    }
    pixel = vec4(finish(result, P), person / 255.0);
}
"""
)

STATIC_VERTEX = """#version 330
in vec3 position; in vec3 normal; in vec2 uv;
uniform mat4 camera;
out vec3 P; out vec3 N; out vec2 T;
void main() { P = position; N = normal; T = uv; gl_Position = camera * vec4(position, 1.0); }
"""

STATIC_FRAGMENT = (
    "#version 330\n"
    + LIGHTING
    + f"""
uniform sampler2D picture;
uniform float glow;
uniform int blobs;
uniform vec4 blob[{BLOBS}];
in vec3 P; in vec3 N; in vec2 T;
out vec4 pixel;
void main() {{
    vec4 texel = texture(picture, T);
    vec3 color = pow(texel.rgb, vec3(2.2));
    vec3 n = normalize(N);
    if (dot(n, eye - P) < 0.0) n = -n;
    float near_feet = 1.0;
    for (int i = 0; i < blobs; i++) {{
        vec3 d = P - blob[i].xyz;
        float r2 = dot(d.xy, d.xy) / (blob[i].w * blob[i].w);
        near_feet *= 1.0 - 0.55 * exp(-r2) * smoothstep(0.5, 0.0, abs(d.z));
    }}
    if (infrared > 0.5) color = vec3(dot(color, vec3(0.3, 0.5, 0.2)) * 0.8 + 0.06);
    float sun = infrared > 0.5 ? 1.0 : sunlit(P, n);
    vec3 light = fall(P, n, near_feet, 0.0, sun) * mix(1.0, near_feet, 0.3);
    pixel = vec4(finish(color * mix(light, vec3(1.0), glow), P), 0.0);
}}
"""
)

DEPTH_PERSON_VERTEX = (
    "#version 330\n"
    + SKINNING
    + """
uniform mat4 camera;
out vec3 C; out vec4 E;
void main() { C = canon; E = extra; gl_Position = camera * (skin() * vec4(position, 1.0)); }
"""
)
DEPTH_PERSON_FRAGMENT = (
    "#version 330\n"
    + CUT
    + """
in vec3 C; in vec4 E; out vec4 pixel;
void main() { if (cut_away(C, E)) discard; pixel = vec4(1.0); }
"""
)
DEPTH_STATIC_VERTEX = """#version 330
in vec3 position; uniform mat4 camera;
void main() { gl_Position = camera * vec4(position, 1.0); }
"""
DEPTH_STATIC_FRAGMENT = """#version 330
out vec4 pixel;
void main() { pixel = vec4(1.0); }
"""
