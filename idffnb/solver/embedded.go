package solver

import (
	"slices"
	"strings"
)

// embedded is a pair of explicit Runge-Kutta methods that share their slopes: the difference of their results estimates the error of a step,
//
//	x_new = x + dt sum_i b_i k_i,   error = dt sum_i e_i k_i
//
// The last row of a is b and its c is 1: the last slope is that at x_new, the first of the next step, and is not evaluated again (FSAL, first same as last).
type embedded struct {
	tableau
	e         []float64 // b less the weights of the embedded method
	estimates int       // the error estimate is O(dt^estimates) for a single step
	dense     []float64 // weights of the fifth term of dense output; nil: cubic Hermite
	again     bool      // dense output integrates again from the step's start
}

// evaluations is what a step costs.
func (m embedded) evaluations() int { return len(m.c) - 1 }

// AdaptiveNames lists the methods of Adaptive, by their order.
func AdaptiveNames() []string { return []string{"adaptive_heun", "bosh3", "dopri5", "dopri8"} }

func adaptiveList() string { return strings.Join(AdaptiveNames(), ", ") }

// The pairs, as torchdiffeq 0.2.5 has them but for the last slope of adaptive_heun (it takes the predicted state's for the next step's first, one evaluation a
// step):
//
//	adaptive_heun  2(1)  Heun with Euler
//	bosh3          3(2)  Bogacki, Shampine, Appl. Math. Lett. 2 (1989)
//	dopri5         5(4)  Dormand, Prince, J. Comput. Appl. Math. 6 (1980), with the error estimate of Shampine, Math. Comp. 46 (1986): 2/3 of the original's;
//	                     dense output of Hairer, Norsett, Wanner I, eq. II.6.12 ff., as in their code DOPRI5
//	dopri8         8(7)  Prince, Dormand, J. Comput. Appl. Math. 7 (1981), RK8(7)13M
var pairs = map[string]embedded{
	"adaptive_heun": {
		tableau:   tableau{order: 2, c: []float64{0, 1, 1}, a: [][]float64{{}, {1}, {.5, .5}}, b: []float64{.5, .5, 0}},
		e:         []float64{-.5, .5, 0},
		estimates: 2,
	},
	"bosh3": {
		tableau: tableau{order: 3, c: []float64{0, 1. / 2, 3. / 4, 1},
			a: [][]float64{{}, {1. / 2}, {0, 3. / 4}, {2. / 9, 1. / 3, 4. / 9}}, b: []float64{2. / 9, 1. / 3, 4. / 9, 0}},
		e:         []float64{2./9 - 7./24, 1./3 - 1./4, 4./9 - 1./3, -1. / 8},
		estimates: 3,
	},
	"dopri5": {
		tableau: tableau{order: 5, c: []float64{0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1},
			a: [][]float64{
				{},
				{1. / 5},
				{3. / 40, 9. / 40},
				{44. / 45, -56. / 15, 32. / 9},
				{19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
				{9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
				{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84},
			},
			b: []float64{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84, 0}},
		e: []float64{35./384 - 1951./21600, 0, 500./1113 - 22642./50085, 125./192 - 451./720,
			-2187./6784 + 12231./42400, 11./84 - 649./6300, -1. / 60},
		estimates: 5,
		dense: []float64{-12715105075. / 11282082432, 0, 87487479700. / 32700410799, -10690763975. / 1880347072,
			701980252875. / 199316789632, -1453857185. / 822651844, 69997945. / 29380423},
	},
	"dopri8": {
		tableau: tableau{order: 8,
			c: []float64{0, 1. / 18, 1. / 12, 1. / 8, 5. / 16, 3. / 8, 59. / 400, 93. / 200, 5490023248. / 9719169821, 13. / 20, 1201146811. / 1299019798, 1, 1, 1},
			a: [][]float64{
				{},
				{1. / 18},
				{1. / 48, 1. / 16},
				{1. / 32, 0, 3. / 32},
				{5. / 16, 0, -75. / 64, 75. / 64},
				{3. / 80, 0, 0, 3. / 16, 3. / 20},
				{29443841. / 614563906, 0, 0, 77736538. / 692538347, -28693883. / 1125000000, 23124283. / 1800000000},
				{16016141. / 946692911, 0, 0, 61564180. / 158732637, 22789713. / 633445777, 545815736. / 2771057229, -180193667. / 1043307555},
				{39632708. / 573591083, 0, 0, -433636366. / 683701615, -421739975. / 2616292301, 100302831. / 723423059, 790204164. / 839813087,
					800635310. / 3783071287},
				{246121993. / 1340847787, 0, 0, -37695042795. / 15268766246, -309121744. / 1061227803, -12992083. / 490766935, 6005943493. / 2108947869,
					393006217. / 1396673457, 123872331. / 1001029789},
				{-1028468189. / 846180014, 0, 0, 8478235783. / 508512852, 1311729495. / 1432422823, -10304129995. / 1701304382, -48777925059. / 3047939560,
					15336726248. / 1032824649, -45442868181. / 3398467696, 3065993473. / 597172653},
				{185892177. / 718116043, 0, 0, -3185094517. / 667107341, -477755414. / 1098053517, -703635378. / 230739211, 5731566787. / 1027545527,
					5232866602. / 850066563, -4093664535. / 808688257, 3962137247. / 1805957418, 65686358. / 487910083},
				{403863854. / 491063109, 0, 0, -5068492393. / 434740067, -411421997. / 543043805, 652783627. / 914296604, 11173962825. / 925320556,
					-13158990841. / 6184727034, 3936647629. / 1978049680, -160528059. / 685178525, 248638103. / 1413531060, 0},
				dopri8Weights[:13],
			},
			b: dopri8Weights},
		e: []float64{14005451./335480064 - 13451932./455176623, 0, 0, 0, 0, -59238493./1068277825 + 808719846./976000145,
			181606767./758867731 - 1757004468./5645159321, 561292985./797845732 - 656045339./265891186, -1041891430./1371343529 + 3867574721./1518517206,
			760417239./1151165299 - 465885868./322736535, 118820643./751138087 - 53011238./667516719, -528747749./2220607170 - 2./45, 1. / 4, 0},
		estimates: 8,
		again:     true,
	},
}

var dopri8Weights = []float64{14005451. / 335480064, 0, 0, 0, 0, -59238493. / 1068277825, 181606767. / 758867731, 561292985. / 797845732,
	-1041891430. / 1371343529, 760417239. / 1151165299, 118820643. / 751138087, -528747749. / 2220607170, 1. / 4, 0}

// isAdaptive tells whether Adaptive knows the method.
func isAdaptive(name string) bool { return slices.Contains(AdaptiveNames(), name) }
