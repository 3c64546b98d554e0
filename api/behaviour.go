package api

import (
	"time"

	"github.com/cordonmail/cordon"
)

// BehaviourLimits are cordon.BehaviourLimits with times as people write them. One
// that is left out, or 0, stands at its default: none can be switched off.
type BehaviourLimits struct {
	FirstTimePerHour int      `json:"first_time_per_hour,omitempty" minimum:"0" doc:"Recipients an hour to whom a person's account never wrote before" example:"50"`
	FirstTimePerDay  int      `json:"first_time_per_day,omitempty" minimum:"0" doc:"The same in a day" example:"200"`
	AccountPerHour   int      `json:"account_per_hour,omitempty" minimum:"0" doc:"Single copies an hour of a person's account" example:"400"`
	AccountPerDay    int      `json:"account_per_day,omitempty" minimum:"0" doc:"The same in a day" example:"800"`
	AccountPerOrder  int      `json:"account_per_order,omitempty" minimum:"0" doc:"Recipients of one single order of a person's account" example:"100"`
	Strangers        int      `json:"strangers,omitempty" minimum:"0" doc:"First-time recipients at once that are nothing unusual" example:"10"`
	StrangersPerHour float64  `json:"strangers_per_hour,omitempty" minimum:"0" doc:"Of which so many an hour are forgotten, beyond the sender's own average" example:"0.5"`
	RipeAfter        duration `json:"ripe_after,omitempty" doc:"A sender's history binds once it is known so long" example:"168h0m0s"`
	GroupShare       float64  `json:"group_share,omitempty" minimum:"0" maximum:"1" doc:"Share of an order's first-time recipients who must be near colleagues' contacts to be a known group" example:"0.7"`
}

func behaviourLimitsOf(l cordon.BehaviourLimits) BehaviourLimits {
	l = l.Whole()
	return BehaviourLimits{
		FirstTimePerHour: l.FirstTimePerHour, FirstTimePerDay: l.FirstTimePerDay, AccountPerHour: l.AccountPerHour, AccountPerDay: l.AccountPerDay,
		AccountPerOrder: l.AccountPerOrder, Strangers: l.Strangers, StrangersPerHour: l.StrangersPerHour, RipeAfter: durationOf(l.RipeAfter), GroupShare: l.GroupShare,
	}
}

// words reads them back; a fault names what is no length of time.
func (l BehaviourLimits) words(to *cordon.Limits) []cordon.Fault {
	to.BehaviourLimits = cordon.BehaviourLimits{
		FirstTimePerHour: l.FirstTimePerHour, FirstTimePerDay: l.FirstTimePerDay, AccountPerHour: l.AccountPerHour, AccountPerDay: l.AccountPerDay,
		AccountPerOrder: l.AccountPerOrder, Strangers: l.Strangers, StrangersPerHour: l.StrangersPerHour, GroupShare: l.GroupShare,
	}
	if l.RipeAfter == "" {
		return nil
	}
	d, err := time.ParseDuration(string(l.RipeAfter))
	if err != nil || d < 0 {
		return []cordon.Fault{{Field: "ripe_after", Message: "is not a length of time", Remedy: "write it like 168h"}}
	}
	to.RipeAfter = d
	return nil
}
