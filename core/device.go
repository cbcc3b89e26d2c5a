package core

import (
	"strings"
	"unicode/utf8"
)

// maxDeviceField is how many bytes of a device's name, user agent and address
// are kept. More would double the memory of a session in Redis.
const maxDeviceField = 64

// cleanDevice cuts each field to its length and to valid UTF-8. A user agent loses
// first what all browsers have in common.
func cleanDevice(d Device) Device {
	return Device{Name: cutField(d.Name), UserAgent: cutField(shortAgent(d.UserAgent)), IP: cutField(d.IP)}
}

func cutField(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxDeviceField+utf8.UTFMax)], "")
	end := len(s)
	for end > maxDeviceField || end < len(s) && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// maxAgent is how much of a user agent is looked at.
const maxAgent = 512

// shortAgent returns a user agent that is too long to be kept without the parts
// that say nothing: what remains tells Chrome, Edge and Opera apart.
func shortAgent(agent string) string {
	if len(agent) <= maxDeviceField {
		return agent
	}
	agent = agent[:min(len(agent), maxAgent)]
	agent = strings.TrimPrefix(agent, "Mozilla/5.0 ")
	if i := strings.Index(agent, " AppleWebKit/"); i >= 0 {
		const end = " (KHTML, like Gecko)"
		if j := strings.Index(agent[i:], end); j >= 0 {
			agent = agent[:i] + agent[i+j+len(end):]
		}
	}
	if strings.Contains(agent, " Chrome/") {
		agent = strings.Replace(agent, " Safari/537.36", "", 1)
	}
	return agent
}
