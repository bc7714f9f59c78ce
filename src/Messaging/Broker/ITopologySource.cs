namespace Messaging;

/// <summary>A part of the service that needs something at the broker.</summary>
internal interface ITopologySource
{
    /// <summary>Adds what it needs; a queue before those that dead-letter into it.</summary>
    void AddTo(Topology topology);
}
