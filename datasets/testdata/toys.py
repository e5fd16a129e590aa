"""Exact 2-D toy definitions (numpy, float64): IDFF torchcfm/utils.py at HEAD, plus FFJORD lib/toy_data.py extras."""
import numpy as np
def eight_gaussians(n, r):              # torchcfm: scale=5, var=.1 -> covariance sqrt(.1) I, so std = .1**.25 = .5623 (not .316!)
    c = np.array([(1,0),(-1,0),(0,1),(0,-1),(.5**.5,.5**.5),(.5**.5,-.5**.5),(-.5**.5,.5**.5),(-.5**.5,-.5**.5)])*5
    return c[r.integers(0, 8, n)] + r.standard_normal((n, 2))*.1**.25
def eight_gaussians_ffjord(n, r):       # scale 4, std .5, all / 1.414 -> radius 2.829, std .3536
    c = np.array([(1,0),(-1,0),(0,1),(0,-1),(.5**.5,.5**.5),(.5**.5,-.5**.5),(-.5**.5,.5**.5),(-.5**.5,-.5**.5)])*4
    return (c[r.integers(0, 8, n)] + r.standard_normal((n, 2))*.5)/1.414
def moons(n, r, noise=.2):              # torchdyn generate_moons then *3 - 1: noise is U[0,.2), ONE draw per point added to both coordinates
    no = n//2; ni = n - no; a, b = np.linspace(0, np.pi, no), np.linspace(0, np.pi, ni)
    x = np.vstack([np.append(np.cos(a), 1-np.cos(b)), np.append(np.sin(a), 1-np.sin(b)-.5)]).T
    return (x + r.random((n, 1))*noise)*3 - 1
def moons_ffjord(n, r):                 # sklearn make_moons(noise=.1) (Gaussian, shuffled) * 2 + [-1, -.2]
    no = n//2; a, b = np.linspace(0, np.pi, no), np.linspace(0, np.pi, n-no)
    x = np.vstack([np.append(np.cos(a), 1-np.cos(b)), np.append(np.sin(a), 1-np.sin(b)-.5)]).T
    return (x + r.standard_normal((n, 2))*.1)*2 + [-1, -.2]
def checkerboard(n, r):                 # range [-4,4]^2, cells of size 2
    x1 = r.random(n)*4 - 2
    x2 = r.random(n) - r.integers(0, 2, n)*2 + np.floor(x1) % 2
    return np.stack([x1, x2], 1)*2
def spirals(n, r):                      # 2spirals: theta = sqrt(U)*3 pi; returns 2*(n//2) points
    h = n//2; t = np.sqrt(r.random((h, 1)))*540*2*np.pi/360
    x, y = -np.cos(t)*t + r.random((h, 1))*.5, np.sin(t)*t + r.random((h, 1))*.5
    z = np.vstack([np.hstack([x, y]), np.hstack([-x, -y])])/3
    return z + r.standard_normal(z.shape)*.1
def pinwheel(n, r):                     # 5*(n//5) points; einsum 'ti,tij->tj' = row vector times [[cos,-sin],[sin,cos]]
    m = n//5; f = r.standard_normal((5*m, 2))*[.3, .1]; f[:, 0] += 1
    ang = np.repeat(np.linspace(0, 2*np.pi, 5, endpoint=False), m) + .25*np.exp(f[:, 0])
    x = f[:, 0]*np.cos(ang) + f[:, 1]*np.sin(ang); y = -f[:, 0]*np.sin(ang) + f[:, 1]*np.cos(ang)
    return 2*r.permutation(np.stack([x, y], 1))
def swissroll(n, r):                    # sklearn make_swiss_roll(noise=1)[:, [0,2]] / 5 : t = 1.5 pi (1 + 2U)
    t = 1.5*np.pi*(1 + 2*r.random(n))
    return (np.stack([t*np.cos(t), t*np.sin(t)], 1) + r.standard_normal((n, 2)))/5
def circles(n, r):                      # sklearn make_circles(factor=.5, noise=.08) * 3
    no = n//2; a = np.linspace(0, 2*np.pi, no, endpoint=False); b = np.linspace(0, 2*np.pi, n-no, endpoint=False)
    x = np.vstack([np.stack([np.cos(a), np.sin(a)], 1), .5*np.stack([np.cos(b), np.sin(b)], 1)])
    return (x + r.standard_normal((n, 2))*.08)*3
def rings(n, r):                        # common EBM variant (not in IDFF/torchcfm/FFJORD): radii 1,.75,.5,.25 * 3, noise .08 after scaling
    q = n//4; k = [n-3*q, q, q, q]; x = []
    for m, rad in zip(k, (.25, .5, .75, 1.)):
        a = np.linspace(0, 2*np.pi, m, endpoint=False); x.append(rad*np.stack([np.cos(a), np.sin(a)], 1))
    return np.vstack(x)*3 + r.standard_normal((n, 2))*.08
ALL = dict(eight_gaussians=eight_gaussians, moons=moons, checkerboard=checkerboard, spirals=spirals, pinwheel=pinwheel, eight_gaussians_ffjord=eight_gaussians_ffjord, moons_ffjord=moons_ffjord, swissroll=swissroll, circles=circles, rings=rings)
if __name__ == '__main__':
    import json
    S = {}
    for k, f in ALL.items():
        x = f(1_000_000, np.random.default_rng(0))
        S[k] = dict(mean=x.mean(0).round(4).tolist(), std=x.std(0).round(4).tolist(), corr=round(float(np.corrcoef(x.T)[0, 1]), 4), m4=(x**4).mean(0).round(3).tolist(), r_mean=round(float(np.hypot(*x.T).mean()), 4), lo=x.min(0).round(2).tolist(), hi=x.max(0).round(2).tolist())
    json.dump(S, open('toy_stats.json', 'w'), indent=1)
