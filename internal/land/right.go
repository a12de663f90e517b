package land

// RightKind is a kind of right in real estate. It carries no number: standards and products number the kinds differently
// (a mortgage is 23, 37 or 99), so numbers stand in a table per endpoint.
type RightKind string

// The kinds of rights that a book may hold.
const (
	RightCollectiveLand  RightKind = "collective-land"   // ownership of land by a collective
	RightStateLand       RightKind = "state-land"        // ownership of land by the state
	RightBuildLand       RightKind = "build-land"        // use of state land for building
	RightHouse           RightKind = "house"             // the same with ownership of the house: what a flat's owner has
	RightHomestead       RightKind = "homestead"         // use of a homestead
	RightHomesteadHouse  RightKind = "homestead-house"   // the same with the house
	RightCollectiveBuild RightKind = "collective-build"  // use of collective land for building
	RightCollectiveHouse RightKind = "collective-house"  // the same with the house
	RightFarmland        RightKind = "farmland"          // contracted management of land
	RightFarmlandForest  RightKind = "farmland-forest"   // the same with ownership of trees
	RightForestLand      RightKind = "forest-land"       // use of forest land
	RightForestLandTrees RightKind = "forest-land-trees" // the same with ownership of trees
	RightGrassland       RightKind = "grassland"         // use of grassland
	RightAquaculture     RightKind = "aquaculture"       // use of waters and mudflats for farming
	RightSea             RightKind = "sea"               // use of a sea area
	RightSeaStructure    RightKind = "sea-structure"     // the same with a structure
	RightIsland          RightKind = "island"            // use of an uninhabited island
	RightIslandStructure RightKind = "island-structure"  // the same with a structure
	RightEasement        RightKind = "easement"          // easement
	RightMortgage        RightKind = "mortgage"          // mortgage
	RightHabitation      RightKind = "habitation"        // right of habitation, Civil Code 366 to 371
	RightOther           RightKind = "other"             // any other
)

var rightKinds = names[RightKind]{
	{RightCollectiveLand, "集体土地所有权"}, {RightStateLand, "国家土地所有权"}, {RightBuildLand, "国有建设用地使用权"},
	{RightHouse, "国有建设用地使用权／房屋（构筑物）所有权"}, {RightHomestead, "宅基地使用权"},
	{RightHomesteadHouse, "宅基地使用权／房屋（构筑物）所有权"}, {RightCollectiveBuild, "集体建设用地使用权"},
	{RightCollectiveHouse, "集体建设用地使用权／房屋（构筑物）所有权"}, {RightFarmland, "土地承包经营权"},
	{RightFarmlandForest, "土地承包经营权／森林、林木所有权"}, {RightForestLand, "林地使用权"},
	{RightForestLandTrees, "林地使用权／森林、林木使用权"}, {RightGrassland, "草原使用权"}, {RightAquaculture, "水域滩涂养殖权"},
	{RightSea, "海域使用权"}, {RightSeaStructure, "海域使用权／构（建）筑物所有权"}, {RightIsland, "无居民海岛使用权"},
	{RightIslandStructure, "无居民海岛使用权／构（建）筑物所有权"}, {RightEasement, "地役权"}, {RightMortgage, "抵押权"},
	{RightHabitation, "居住权"}, {RightOther, "其他权利"},
}

// RightKinds lists the kinds in official order.
func RightKinds() []RightKind { return rightKinds.codes() }

// ParseRightKind accepts our name or the label. Error: [ErrUnknownCode].
func ParseRightKind(s string) (RightKind, error) { return rightKinds.parse("权利类型", s) }

// Label returns the Chinese name of the kind.
func (k RightKind) Label() string { return rightKinds.label(k) }

// Valid reports whether the list has k.
func (k RightKind) Valid() bool { return rightKinds.has(k) }

// Proof reports whether a holder gets a proof (不动产登记证明) and not a title (不动产权证书): Rules 20.
func (k RightKind) Proof() bool {
	return k == RightEasement || k == RightMortgage || k == RightHabitation
}

// RightState is where a row of the book stands in time (权属状态), with the numbers of the database standard.
type RightState string

// The states of a right.
const (
	StateProvisional RightState = "0" // being entered
	StateCurrent     RightState = "1"
	StateHistorical  RightState = "2" // replaced by a later row
	StateEnded       RightState = "3" // ended without a successor
)

var rightStates = names[RightState]{
	{StateProvisional, "临时"}, {StateCurrent, "现势"}, {StateHistorical, "历史"}, {StateEnded, "终止"},
}

// RightStates lists the states in official order.
func RightStates() []RightState { return rightStates.codes() }

// ParseRightState accepts a number or label. Error: [ErrUnknownCode].
func ParseRightState(s string) (RightState, error) { return rightStates.parse("权属状态", s) }

// Label returns the Chinese name of the state.
func (s RightState) Label() string { return rightStates.label(s) }

// Valid reports whether the list has s.
func (s RightState) Valid() bool { return rightStates.has(s) }

// CoOwn is how several holders hold a right together (共有方式), with the numbers of the database standard.
type CoOwn string

// The ways of co-ownership.
const (
	CoOwnSole   CoOwn = "0"
	CoOwnJoint  CoOwn = "1" // all must act together
	CoOwnShares CoOwn = "2" // by shares that sum to 1
	CoOwnOther  CoOwn = "3"
)

var coOwns = names[CoOwn]{
	{CoOwnSole, "单独所有"}, {CoOwnJoint, "共同共有"}, {CoOwnShares, "按份共有"}, {CoOwnOther, "其他共有"},
}

// CoOwns lists the ways in official order.
func CoOwns() []CoOwn { return coOwns.codes() }

// ParseCoOwn accepts a number or label. Error: [ErrUnknownCode].
func ParseCoOwn(s string) (CoOwn, error) { return coOwns.parse("共有方式", s) }

// Label returns the Chinese name of the way.
func (c CoOwn) Label() string { return coOwns.label(c) }

// Valid reports whether the list has c.
func (c CoOwn) Valid() bool { return coOwns.has(c) }
