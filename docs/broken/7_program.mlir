lig.axis @M in 1 to 64
lig.axis @C in 64 to 64
func.func @Program(%a: !lig.tensor<[M, C], f32> {lig.name = "a"}) -> (!lig.tensor<[M], f32> {lig.name = "y"}) {
  %y = lig.reduce_sum %r over @C acc f32 : (!lig.tensor<[M, C], f32>) -> !lig.tensor<[M], f32>
  %r = lig.relu %a : !lig.tensor<[M, C], f32>
  func.return %y : !lig.tensor<[M], f32>
}
