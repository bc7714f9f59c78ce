namespace PlaceOrders;

/// <summary>The run cannot go on; the message says why.</summary>
internal sealed class PlacingException(string message) : Exception(message);
