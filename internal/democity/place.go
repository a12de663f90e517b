package democity

import "yichuang/internal/land"

// Hall is a registration hall with its windows.
type Hall struct {
	ID       string // district and number: "321202-1"
	District string
	Name     string
	Address  string
	Phone    string
	Windows  []Window
	Slot     int // bookings that half an hour can take
}

// Window is a counter in a hall.
type Window struct {
	Number int
	Name   string
}

// Parcel is the ground under an estate.
type Parcel struct {
	Code     string // the first 19 characters of its unit codes
	District string
	Zone     string // cadastral zone and sub-zone, six digits
	Number   int    // within the zone
	Name     string // the estate
	Address  string
	Area     land.Area
	Use      string    // 土地用途
	Nature   string    // 权利性质: 出让 or 划拨
	From, To land.Date // term of the land-use right
}

// Building stands on a parcel.
type Building struct {
	Code      string // parcel, F and building number: the first 24 characters of its unit codes
	Parcel    string
	District  string
	Number    int
	Name      string // estate and building: "凤凰雅苑3幢"
	Address   string
	Floors    int
	Entrances int
	Built     land.Date
	Structure land.Structure
	Area      land.Area
	Developer string // unified social credit code
}

// Unit is a home, shop or garage: the thing that rights are in.
type Unit struct {
	Code      land.UnitCode
	House     land.HouseCode
	District  string
	Parcel    string
	Building  string
	Address   string
	Entrance  int
	Floor     int
	Floors    int
	Room      string
	Layout    string // 户型
	Area      land.Area
	Inner     land.Area
	Shared    land.Area
	Use       land.HouseUse
	Structure land.Structure
	Nature    string // 房屋性质
	Built     land.Date
}
