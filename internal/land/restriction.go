package land

// RestrictionKind is what may stand in the way of an entry in the book.
type RestrictionKind string

// The kinds of restrictions.
const (
	RestrictSeizure              RestrictionKind = "seizure"
	RestrictQueuedSeizure        RestrictionKind = "queued-seizure"         // waits for an earlier one to end
	RestrictPresaleSeizure       RestrictionKind = "presale-seizure"        // on an advance notice or an unregistered home
	RestrictQueuedPresaleSeizure RestrictionKind = "queued-presale-seizure" // waits likewise
	RestrictObjection            RestrictionKind = "objection"
	RestrictAdvanceNotice        RestrictionKind = "advance-notice"
	RestrictMortgage             RestrictionKind = "mortgage"
	RestrictTransfer             RestrictionKind = "transfer" // agreed with a mortgagee (是否存在禁止或限制转让抵押不动产的约定)
	RestrictOther                RestrictionKind = "other"    // by another body on the ground of a law
)

var restrictionKinds = names[RestrictionKind]{
	{RestrictSeizure, "查封"}, {RestrictQueuedSeizure, "轮候查封"}, {RestrictPresaleSeizure, "预查封"},
	{RestrictQueuedPresaleSeizure, "轮候预查封"}, {RestrictObjection, "异议登记"}, {RestrictAdvanceNotice, "预告登记"},
	{RestrictMortgage, "抵押"}, {RestrictTransfer, "限制转让"}, {RestrictOther, "其他限制"},
}

// RestrictionKinds lists the kinds.
func RestrictionKinds() []RestrictionKind { return restrictionKinds.codes() }

// ParseRestrictionKind accepts our name or the label. Error: [ErrUnknownCode].
func ParseRestrictionKind(s string) (RestrictionKind, error) {
	return restrictionKinds.parse("限制种类", s)
}

// Label returns the Chinese name of the kind.
func (k RestrictionKind) Label() string { return restrictionKinds.label(k) }

// Valid reports whether the list has k.
func (k RestrictionKind) Valid() bool { return restrictionKinds.has(k) }

// SeizureKind is a kind of seizure (查封类型), with the numbers of the database standard.
type SeizureKind string

// The kinds of seizures.
const (
	SeizureActive        SeizureKind = "1"
	SeizureQueued        SeizureKind = "2"
	SeizurePresale       SeizureKind = "3"
	SeizureQueuedPresale SeizureKind = "4"
)

var seizureKinds = names[SeizureKind]{
	{SeizureActive, "查封"}, {SeizureQueued, "轮候查封"}, {SeizurePresale, "预查封"}, {SeizureQueuedPresale, "轮候预查封"},
}

// SeizureKinds lists the kinds in official order.
func SeizureKinds() []SeizureKind { return seizureKinds.codes() }

// ParseSeizureKind accepts a number or label. Error: [ErrUnknownCode].
func ParseSeizureKind(s string) (SeizureKind, error) { return seizureKinds.parse("查封类型", s) }

// Label returns the Chinese name of the kind.
func (k SeizureKind) Label() string { return seizureKinds.label(k) }

// Valid reports whether the list has k.
func (k SeizureKind) Valid() bool { return seizureKinds.has(k) }

// Waits reports whether a seizure of this kind has not taken effect yet.
func (k SeizureKind) Waits() bool { return k == SeizureQueued || k == SeizureQueuedPresale }

// Restriction returns the restriction that a seizure of this kind is.
func (k SeizureKind) Restriction() RestrictionKind {
	switch k {
	case SeizureActive:
		return RestrictSeizure
	case SeizureQueued:
		return RestrictQueuedSeizure
	case SeizurePresale:
		return RestrictPresaleSeizure
	case SeizureQueuedPresale:
		return RestrictQueuedPresaleSeizure
	}
	return RestrictOther
}

// MortgageKind is a kind of mortgage (抵押方式), with the numbers of the database standard.
type MortgageKind string

// The kinds of mortgages.
const (
	MortgageOrdinary MortgageKind = "1"
	MortgageMaximum  MortgageKind = "2" // secures claims up to a maximum
)

var mortgageKinds = names[MortgageKind]{{MortgageOrdinary, "一般抵押"}, {MortgageMaximum, "最高额抵押"}}

// MortgageKinds lists the kinds in official order.
func MortgageKinds() []MortgageKind { return mortgageKinds.codes() }

// ParseMortgageKind accepts a number or label. Error: [ErrUnknownCode].
func ParseMortgageKind(s string) (MortgageKind, error) { return mortgageKinds.parse("抵押方式", s) }

// Label returns the Chinese name of the kind.
func (k MortgageKind) Label() string { return mortgageKinds.label(k) }

// Valid reports whether the list has k.
func (k MortgageKind) Valid() bool { return mortgageKinds.has(k) }

// AdvanceKind is a kind of advance notice (预告登记种类), with the numbers of the database standard.
type AdvanceKind string

// The kinds of advance notices.
const (
	AdvancePresale         AdvanceKind = "1" // purchase of a home presold
	AdvanceSale            AdvanceKind = "2" // other purchase
	AdvancePresaleMortgage AdvanceKind = "3" // mortgage of a home presold
	AdvanceMortgage        AdvanceKind = "4" // other mortgage
)

var advanceKinds = names[AdvanceKind]{
	{AdvancePresale, "预售商品房买卖预告登记"}, {AdvanceSale, "其他不动产买卖预告登记"},
	{AdvancePresaleMortgage, "预售商品房抵押权预告登记"}, {AdvanceMortgage, "其他不动产抵押权预告登记"},
}

// AdvanceKinds lists the kinds in official order.
func AdvanceKinds() []AdvanceKind { return advanceKinds.codes() }

// ParseAdvanceKind accepts a number or label. Error: [ErrUnknownCode].
func ParseAdvanceKind(s string) (AdvanceKind, error) {
	return advanceKinds.parse("预告登记种类", s)
}

// Label returns the Chinese name of the kind.
func (k AdvanceKind) Label() string { return advanceKinds.label(k) }

// Valid reports whether the list has k.
func (k AdvanceKind) Valid() bool { return advanceKinds.has(k) }
