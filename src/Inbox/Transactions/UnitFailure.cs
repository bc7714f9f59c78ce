namespace Inbox;

/// <summary>Why a unit of work was rolled back, or may have been.</summary>
/// <param name="Exception">What was thrown.</param>
/// <param name="Phase">Where.</param>
/// <param name="ConnectionLost">Whether the unit's connection was gone afterwards, or the server did not answer when its session was to be
/// ended.</param>
/// <param name="InHand">What a handler had in hand then, or all where none had. It is where to look first and no proof: an error
/// that a handler swallows meets the next one.</param>
internal sealed record UnitFailure(Exception Exception, UnitPhase Phase, bool ConnectionLost, IReadOnlyList<Delivery> InHand);
